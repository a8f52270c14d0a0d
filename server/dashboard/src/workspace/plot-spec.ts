/** What a plot shows; a link carries the list of them. */

export type PlotSpec =
  | {
      kind: "scatter";
      x: string;
      y: string;
      z?: string;
      colour?: string;
      mode?: "points" | "density";
      size?: number;
      /** The column that a point's size tells. */
      sizeBy?: string;
      camera?: number[];
    }
  | { kind: "histogram"; column: string }
  | { kind: "classes"; column: string }
  | { kind: "spread"; column: string; by: string }
  | { kind: "confusion"; actual: string; predicted: string }
  | { kind: "trust"; actual: string; predicted: string; confidence: string }
  | { kind: "detection" }
  | { kind: "curves"; runs: string[] };

export type Scatter = Extract<PlotSpec, { kind: "scatter" }>;

const TEXTS: Record<PlotSpec["kind"], string[]> = {
  scatter: ["x", "y"],
  histogram: ["column"],
  classes: ["column"],
  spread: ["column", "by"],
  confusion: ["actual", "predicted"],
  trust: ["actual", "predicted", "confidence"],
  detection: [],
  curves: [],
};

export function plotTitle(plot: PlotSpec): string {
  switch (plot.kind) {
    case "scatter":
      return `${plot.x} × ${plot.y}${plot.z ? ` × ${plot.z}` : ""}`;
    case "histogram":
      return plot.column;
    case "classes":
      return `classes of ${plot.column}`;
    case "spread":
      return `${plot.column} by ${plot.by}`;
    case "confusion":
      return "confusion";
    case "trust":
      return "precision and calibration";
    case "detection":
      return "boxes by class";
    case "curves":
      return `curves of ${plot.runs.join(", ")}`;
  }
}

/** What tells two plots apart: a second one of the same columns is the same plot, seen otherwise. */
export function plotId(plot: PlotSpec): string {
  const { kind } = plot;
  if (kind === "scatter") return `scatter:${plot.x}|${plot.y}|${plot.z ?? ""}`;
  if (kind === "curves") return `curves:${plot.runs.join("|")}`;
  return `${kind}:${TEXTS[kind].map((name) => (plot as unknown as Record<string, string>)[name]).join("|")}`;
}

export const plotsText = (plots: readonly PlotSpec[]) => JSON.stringify(plots);

/** Reads plots from a link; null where the link says nothing of them. */
export function plotsOf(text: string | null): PlotSpec[] | null {
  if (text === null) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed.filter(isPlot) : null;
  } catch {
    return null;
  }
}

function isPlot(value: unknown): value is PlotSpec {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Record<string, unknown>;
  const texts = TEXTS[it.kind as PlotSpec["kind"]];
  if (!texts?.every((name) => typeof it[name] === "string")) return false;
  if (it.kind === "curves") return Array.isArray(it.runs) && it.runs.every((run) => typeof run === "string");
  const { camera } = it;
  if (camera !== undefined && !(Array.isArray(camera) && camera.length === 6 && camera.every(Number.isFinite)))
    return false;
  return ["z", "colour", "mode", "sizeBy"].every((name) => it[name] === undefined || typeof it[name] === "string");
}
