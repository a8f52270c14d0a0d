/** Makes a plot from chosen columns. */
import { type FormEvent, useState } from "react";
import { useCommands } from "../../app/commands";
import { say } from "../../parts/toasts";
import {
  confidenceColumn,
  isLabel,
  isNumber,
  isTime,
  labelColumn,
  predictedBoxesColumn,
  predictedColumn,
} from "../columns";
import { setPlots, useWorkspace } from "../context";
import { type PlotSpec, plotId } from "../plot-spec";

const KINDS: [PlotSpec["kind"], string][] = [
  ["scatter", "Scatter"],
  ["histogram", "Histogram"],
  ["classes", "Class balance"],
  ["spread", "Box plot"],
  ["confusion", "Confusion matrix"],
  ["trust", "Precision–recall and calibration"],
  ["detection", "Predicted boxes by class"],
  ["curves", "Metric curves"],
];

/** Columns that scatter plots of keys 2 and 3 take: those that were looked at last, else the first numbers. */
export function PlotPicker() {
  const { columns, table, plots, run, runs } = useWorkspace();
  const numbers = columns
    .filter((column) => (isNumber(column) || isTime(column)) && column.role.kind !== "key")
    .map(({ name }) => name);
  const classes = columns.filter(isLabel).map(({ name }) => name);
  const label = labelColumn(table)?.name ?? classes[0];
  const [kind, setKind] = useState<PlotSpec["kind"]>("scatter");
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const pick = (slot: string, among: string[], otherwise: number) => chosen[slot] ?? among[otherwise] ?? among[0] ?? "";
  const make = (): PlotSpec | null => {
    const [x, y, z] = [pick("x", numbers, 0), pick("y", numbers, 1), chosen.z ?? ""];
    const predicted = pick("predicted", predictedNames, 0);
    const actual = pick("actual", classes, Math.max(0, classes.indexOf(label ?? "")));
    const confidence = chosen.confidence ?? confidenceColumn(columns)?.name ?? "";
    switch (kind) {
      case "scatter":
        return x && y ? { kind, x, y, ...(z ? { z } : {}), colour: label } : null;
      case "histogram":
        return x ? { kind, column: x } : null;
      case "classes":
        return actual ? { kind, column: actual } : null;
      case "spread":
        return x && actual ? { kind, column: x, by: actual } : null;
      case "confusion":
        return actual && predicted ? { kind, actual, predicted } : null;
      case "trust":
        return actual && predicted && confidence ? { kind, actual, predicted, confidence } : null;
      case "detection":
        return predictedBoxesColumn(columns) ? { kind } : null;
      case "curves":
        return runs.length > 0 ? { kind, runs: [run?.name ?? runs[0].name] } : null;
    }
  };
  const predictedNames = [predictedColumn(columns)?.name, ...classes].filter(
    (name): name is string => name !== undefined,
  );
  const add = (plot: PlotSpec | null) => {
    if (!plot) return say("This plot needs columns that the view does not have");
    const rest = plots.filter((one) => plotId(one) !== plotId(plot));
    setPlots([...rest, plot]);
  };
  useCommands([
    {
      id: "plot-2d",
      title: "New 2D plot of the chosen columns",
      group: "Plots",
      keys: "Alt+2",
      run: () => add({ kind: "scatter", x: pick("x", numbers, 0), y: pick("y", numbers, 1), colour: label }),
    },
    {
      id: "plot-3d",
      title: "New 3D plot of the chosen columns",
      group: "Plots",
      keys: "Alt+3",
      run: () =>
        add({
          kind: "scatter",
          x: pick("x", numbers, 0),
          y: pick("y", numbers, 1),
          z: pick("z", numbers, 2),
          colour: label,
        }),
    },
  ]);
  const plot = make();
  const send = (event: FormEvent) => {
    event.preventDefault();
    add(plot);
  };
  const Choice = (slot: string, title: string, among: string[], otherwise: number, isOptional = false) => (
    <label className="labelled">
      <span>{title}</span>
      <select
        className="field"
        value={isOptional ? (chosen[slot] ?? "") : pick(slot, among, otherwise)}
        onChange={(event) => setChosen({ ...chosen, [slot]: event.target.value })}
      >
        {isOptional && <option value="">none</option>}
        {among.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <form className="plot-picker" onSubmit={send}>
      <label className="labelled">
        <span>Plot</span>
        <select className="field" value={kind} onChange={(event) => setKind(event.target.value as PlotSpec["kind"])}>
          {KINDS.map(([value, title]) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {(kind === "scatter" || kind === "histogram" || kind === "spread") &&
        Choice("x", kind === "scatter" ? "Across" : "Values", numbers, 0)}
      {kind === "scatter" && Choice("y", "Up", numbers, 1)}
      {kind === "scatter" && Choice("z", "Depth", numbers, 2, true)}
      {kind !== "scatter" &&
        kind !== "histogram" &&
        kind !== "curves" &&
        kind !== "detection" &&
        Choice("actual", "Class", classes, Math.max(0, classes.indexOf(label ?? "")))}
      {(kind === "confusion" || kind === "trust") && Choice("predicted", "Predicted", predictedNames, 0)}
      {kind === "trust" &&
        Choice(
          "confidence",
          "Confidence",
          numbers,
          Math.max(0, numbers.indexOf(confidenceColumn(columns)?.name ?? "")),
        )}
      <button type="submit" className="button first" disabled={plot === null}>
        Add the plot
      </button>
      {plot === null && <p className="quiet">The shown table and run have no columns for this plot.</p>}
    </form>
  );
}
