/** The tools of a scatter plot, and how it is drawn. */
import { Box, Download, Hand, Lasso, Maximize, Orbit, Table2 } from "lucide-react";
import type { PlotSpec, Scatter } from "../plot-spec";

export type Tool = "pan" | "lasso" | "box" | "orbit";

interface Props {
  plot: Scatter;
  is3d: boolean;
  tool: Tool;
  /** Columns that colour can tell. */
  colours: readonly string[];
  /** Columns that size can tell. */
  numbers: readonly string[];
  /** The plot is shown as a table. */
  isTable: boolean;
  onTable(): void;
  onTool(tool: Tool): void;
  onFit(): void;
  onChange(plot: PlotSpec): void;
  onSave(): void;
}

export function ScatterBar({
  plot,
  is3d,
  tool,
  colours,
  numbers,
  isTable,
  onTable,
  onTool,
  onFit,
  onChange,
  onSave,
}: Props) {
  const tools: [Tool, string, typeof Hand][] = [
    ["pan", "Pan (V)", Hand],
    ["lasso", "Lasso (L)", Lasso],
    ["box", "Box (B)", Box],
    ...(is3d ? [["orbit", "Orbit (O)", Orbit] as [Tool, string, typeof Hand]] : []),
  ];
  return (
    <div className="plot-bar" role="toolbar" aria-label="Plot tools">
      {tools.map(([name, title, Icon]) => (
        <button
          key={name}
          type="button"
          className="button icon"
          aria-pressed={tool === name}
          aria-label={title}
          title={title}
          onClick={() => onTool(name)}
        >
          <Icon size={14} aria-hidden />
        </button>
      ))}
      <button type="button" className="button icon" aria-label="Fit (F)" title="Fit (F)" onClick={onFit}>
        <Maximize size={14} aria-hidden />
      </button>
      <select
        className="field"
        aria-label="Colour by"
        value={plot.colour ?? ""}
        onChange={(event) => onChange({ ...plot, colour: event.target.value || undefined })}
      >
        <option value="">one colour</option>
        {colours.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        className="field"
        aria-label="Size by"
        value={plot.sizeBy ?? ""}
        onChange={(event) => onChange({ ...plot, sizeBy: event.target.value || undefined })}
      >
        <option value="">one size</option>
        {numbers.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <select
        className="field"
        aria-label="Draw as"
        value={plot.mode ?? "points"}
        onChange={(event) => onChange({ ...plot, mode: event.target.value === "density" ? "density" : undefined })}
      >
        <option value="points">points</option>
        <option value="density">density</option>
      </select>
      <label className="row-line plot-size">
        <span className="unseen">Point size</span>
        <input
          type="range"
          min={1}
          max={10}
          value={plot.size ?? 3}
          onChange={(event) => onChange({ ...plot, size: Number(event.target.value) })}
        />
      </label>
      <button
        type="button"
        className="button icon push"
        aria-pressed={isTable}
        aria-label="As a table"
        title="As a table"
        onClick={onTable}
      >
        <Table2 size={14} aria-hidden />
      </button>
      <button type="button" className="button icon" aria-label="Save as PNG" title="Save as PNG" onClick={onSave}>
        <Download size={14} aria-hidden />
      </button>
    </div>
  );
}
