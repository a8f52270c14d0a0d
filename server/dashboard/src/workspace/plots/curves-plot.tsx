/** Scalars of runs over their steps. */
import { useQueries } from "@tanstack/react-query";
import { scalarsOptions } from "../../api/queries";
import { Curves } from "../../parts/curves";
import { Empty, Failure, Loading } from "../../parts/states";

export default function CurvesPlot({ runs }: { runs: string[] }) {
  const asked = useQueries({ queries: runs.map((run) => scalarsOptions(run)) });
  const failed = asked.find(({ error }) => error);
  if (failed) return <Failure error={failed.error} what="The curves" onRetry={() => void failed.refetch()} />;
  if (asked.some(({ data }) => !data)) return <Loading what="curves" />;
  const all = runs.map((run, i) => ({ run, curves: asked[i].data ?? [] }));
  if (all.every(({ curves }) => curves.length === 0)) return <Empty title="These runs have recorded no scalars" />;
  return (
    <div className="plot plot-scroll">
      <Curves runs={all} />
    </div>
  );
}
