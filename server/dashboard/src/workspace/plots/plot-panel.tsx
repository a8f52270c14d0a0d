/** One plot of the link, whatever its kind. */
import { lazy, Suspense } from "react";
import { Loading } from "../../parts/states";
import { useBoxLimits } from "../box-limits";
import { setPlots, useWorkspace } from "../context";
import { type PlotSpec, plotId } from "../plot-spec";
import { ClassesPlot } from "./classes-plot";
import { HistogramPlot } from "./histogram-plot";
import { ScatterPlot } from "./scatter-plot";

const ConfusionPlot = lazy(() => import("./confusion-plot"));
const CurvesPlot = lazy(() => import("./curves-plot"));
const DetectionPlot = lazy(() => import("./detection-plot"));
const SpreadPlot = lazy(() => import("./spread-plot"));
const TrustPlot = lazy(() => import("./trust-plot"));

export function PlotPanel({ plot }: { plot: PlotSpec }) {
  return (
    <Suspense fallback={<Loading what="the plot" />}>
      <Drawn plot={plot} />
    </Suspense>
  );
}

function Drawn({ plot }: { plot: PlotSpec }) {
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
      return <TrustPlot {...plot} />;
    case "detection":
      return <DetectionPlot {...limits} />;
    case "curves":
      return <CurvesPlot runs={plot.runs} />;
  }
}
