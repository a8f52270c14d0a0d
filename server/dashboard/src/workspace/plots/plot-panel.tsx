/** One plot of the link, whatever its kind. */
import { lazy, Suspense } from "react";
import { Loading } from "../../parts/states";
import { useBoxLimits } from "../box-limits";
import { setPlots, useWorkspace } from "../context";
import { type PlotSpec, plotId } from "../plot-spec";
import { ClassesPlot } from "./classes-plot";
import { ConfusionPlot } from "./confusion-plot";
import { HistogramPlot } from "./histogram-plot";
import { ScatterPlot } from "./scatter-plot";
import { SpreadPlot } from "./spread-plot";

const CurvesPlot = lazy(() => import("./curves-plot"));
const DetectionPlot = lazy(() => import("./detection-plot"));
const TrustPlot = lazy(() => import("./trust-plot"));

export function PlotPanel({ plot }: { plot: PlotSpec }) {
  const { plots } = useWorkspace();
  const limits = useBoxLimits();
  const change = (next: PlotSpec) =>
    setPlots(
      plots.map((one) => (plotId(one) === plotId(plot) ? next : one)),
      true,
    );
  switch (plot.kind) {
    case "scatter":
      return <ScatterPlot plot={plot} onChange={change} />;
    case "histogram":
      return <HistogramPlot column={plot.column} />;
    case "classes":
      return <ClassesPlot column={plot.column} />;
    case "spread":
      return <SpreadPlot column={plot.column} by={plot.by} />;
    case "confusion":
      return <ConfusionPlot actual={plot.actual} predicted={plot.predicted} />;
    case "trust":
      return (
        <Suspense fallback={<Loading what="the plot" />}>
          <TrustPlot {...plot} />
        </Suspense>
      );
    case "detection":
      return (
        <Suspense fallback={<Loading what="the plot" />}>
          <DetectionPlot {...limits} />
        </Suspense>
      );
    case "curves":
      return (
        <Suspense fallback={<Loading what="the plot" />}>
          <CurvesPlot runs={plot.runs} />
        </Suspense>
      );
  }
}

/** The column of a plot, or a word that it is gone: a link may be older than the table. */
export function MissingColumn({ name }: { name: string }) {
  return (
    <p className="plot-missing quiet">
      This view has no column “{name}”. Choose the run or table that has it, or close the plot.
    </p>
  );
}
