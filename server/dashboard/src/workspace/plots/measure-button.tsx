/** Makes each picture's IoU, counts of right and wrong boxes, and area columns of the rows. */
import { useState } from "react";
import { count, counted } from "../../parts/amounts";
import { say, sayFailure } from "../../parts/toasts";
import type { BoxLimits } from "../box-limits";
import { useBoxSource } from "../boxes";
import { useWorkspace } from "../context";
import { MEASURED, measureBoxes, measuredState } from "../measure-boxes";
import { useShownColumns } from "../rows/shown-columns";

const WORDS = {
  none: "Keep as columns",
  old: "Keep as columns again",
  now: "Kept as columns",
};

export function MeasureButton({ limits }: { limits: BoxLimits }) {
  const workspace = useWorkspace();
  const source = useBoxSource();
  const { shown, set } = useShownColumns();
  const [progress, setProgress] = useState<string | null>(null);
  const { run, noWriting } = workspace;
  if (!run || !source?.inline) return null;
  const state = measuredState(run, limits, workspace);
  const measure = async () => {
    setProgress("…");
    try {
      const pictures = await measureBoxes(workspace, source, limits, (done, of) =>
        setProgress(`${count(done)} of ${count(of)}`),
      );
      const names = MEASURED.map((name) => `${run.name}.${name}`);
      const before = shown.map(({ name }) => name).filter((name) => !names.includes(name));
      set([...before.slice(0, 1), ...names, ...before.slice(1)]);
      say(`The boxes of ${counted(pictures, "picture")} are measured: ${names.join(", ")}`);
    } catch (error) {
      sayFailure("Measuring the boxes", error);
    }
    setProgress(null);
  };
  return (
    <span className="row-line tight push">
      {state === "old" && <span className="quiet">The columns are of other limits or labels</span>}
      <button
        type="button"
        className="button"
        disabled={progress !== null || noWriting !== null}
        title={
          noWriting ??
          "IoU of the worst true box with its best prediction, right, wrong and missed boxes, mean area: of each picture, as columns of the run"
        }
        onClick={() => void measure()}
      >
        {progress ?? WORDS[state]}
      </button>
    </span>
  );
}
