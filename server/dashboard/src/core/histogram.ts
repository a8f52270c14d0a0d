/** Counts of a column's values in equal bins over the rows of a mask; what is no number is counted apart. */
import type { Bitmask } from "./bitmask";
import type { Numbers } from "./column";

export interface Histogram {
  edges: Float64Array;
  counts: Uint32Array;
  nulls: number;
  nan: number;
  /** Below the first or above the last edge, the infinities among them. */
  outside: number;
}

export function equalEdges(min: number, max: number, bins: number): Float64Array {
  const edges = new Float64Array(bins + 1);
  for (let i = 0; i <= bins; i++) edges[i] = min + ((max - min) * i) / bins;
  return edges;
}

export function countInBins(
  values: Numbers,
  valid: Bitmask | null,
  mask: Bitmask | null,
  edges: Float64Array,
): Histogram {
  const bins = edges.length - 1;
  const counts = new Uint32Array(bins);
  const [min, max] = [edges[0], edges[bins]];
  const scale = max > min ? bins / (max - min) : 0;
  let [nulls, nan, outside] = [0, 0, 0];
  for (let row = 0; row < values.length; row++) {
    if (mask && !mask.get(row)) continue;
    if (valid && !valid.get(row)) {
      nulls++;
      continue;
    }
    const value = values[row];
    if (Number.isNaN(value)) nan++;
    else if (value < min || value > max) outside++;
    else counts[Math.min(bins - 1, Math.floor((value - min) * scale))]++;
  }
  return { edges, counts, nulls, nan, outside };
}

/** Rows whose value is within [low, high]; a bound of null is none. */
export function rowsInRange(
  values: Numbers,
  valid: Bitmask | null,
  low: number | null,
  high: number | null,
  into: Bitmask,
): Bitmask {
  const from = low ?? Number.NEGATIVE_INFINITY;
  const to = high ?? Number.POSITIVE_INFINITY;
  const { words } = into;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (value >= from && value <= to && (!valid || valid.get(row))) words[row >>> 5] |= 1 << (row & 31);
  }
  return into;
}
