/** A square confusion matrix of the classes that are mistaken most. */
import type { Cell } from "../../api/contract";

export interface Confused {
  actual: Cell[];
  predicted: Cell[];
  counts: number[][];
}

/** `rows` counts all rows of a class, also those whose prediction is not among the shown. */
export function mostConfused(
  { actual, predicted, counts }: Confused,
  top: number,
): { classes: string[]; counts: number[][]; rows: number[] } {
  const names = [...new Set([...actual, ...predicted].filter((value) => value !== null).map(String))];
  const line = new Map(actual.map((value, i) => [String(value), i]));
  const place = new Map(predicted.map((value, i) => [String(value), i]));
  const at = (a: string, p: string) => {
    const [i, j] = [line.get(a), place.get(p)];
    return i === undefined || j === undefined ? 0 : (counts[i]?.[j] ?? 0);
  };
  const wrong = new Map(names.map((name) => [name, 0]));
  actual.forEach((a, i) => {
    predicted.forEach((p, j) => {
      if (a === null || p === null || String(a) === String(p)) return;
      for (const name of [String(a), String(p)]) wrong.set(name, (wrong.get(name) ?? 0) + (counts[i]?.[j] ?? 0));
    });
  });
  const kept = new Set([...names].sort((a, b) => (wrong.get(b) ?? 0) - (wrong.get(a) ?? 0)).slice(0, top));
  const classes = names
    .filter((name) => kept.has(name))
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  return {
    classes,
    counts: classes.map((a) => classes.map((p) => at(a, p))),
    rows: classes.map((a) => counts[line.get(a) ?? -1]?.reduce((sum, amount) => sum + amount, 0) ?? 0),
  };
}
