/** A scatter plot in words: for each colour how many points there are, and where. */
import type { Bitmask } from "./bitmask";
import type { Positions } from "./column";

export interface Spread {
  least: number;
  mean: number;
  most: number;
}

export interface GroupSummary {
  code: number;
  points: number;
  selected: number;
  /** For each axis. */
  axes: Spread[];
}

/** Groups that have a shown point, those with most first. */
export function summaryOf(
  axes: readonly Positions[],
  codes: Uint16Array,
  shown: Bitmask | null,
  selected: Bitmask | null,
): GroupSummary[] {
  const found = new Map<number, GroupSummary>();
  for (let row = 0; row < codes.length; row++) {
    if (shown && !shown.get(row)) continue;
    if (axes.some(({ valid }) => valid && !valid.get(row))) continue;
    let group = found.get(codes[row]);
    if (!group) {
      const none = () => ({ least: Number.POSITIVE_INFINITY, mean: 0, most: Number.NEGATIVE_INFINITY });
      group = { code: codes[row], points: 0, selected: 0, axes: axes.map(none) };
      found.set(codes[row], group);
    }
    group.points++;
    if (selected?.get(row)) group.selected++;
    for (let i = 0; i < axes.length; i++) {
      const { values, min, max } = axes[i];
      const value = min + (values[row] / 65535) * (max - min);
      const spread = group.axes[i];
      if (value < spread.least) spread.least = value;
      if (value > spread.most) spread.most = value;
      // The sum, until all are seen.
      spread.mean += value;
    }
  }
  for (const { points, axes: spreads } of found.values()) for (const spread of spreads) spread.mean /= points;
  return [...found.values()].sort((a, b) => b.points - a.points);
}
