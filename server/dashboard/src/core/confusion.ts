/** Which class is taken for which: only pairs that rows have, so that ten thousand classes are no more than their rows. */
import type { Bitmask } from "./bitmask";
import { byName } from "./by-name";
import { type Column, textsOf } from "./column";

/** `predicted` is null where a row has no prediction: it counts for its class and is no mistake. */
export interface Pair {
  actual: string;
  predicted: string | null;
  count: number;
}

/** A matrix as the service tells it. */
export interface Counts {
  actual: readonly unknown[];
  predicted: readonly unknown[];
  counts: readonly (readonly number[])[];
}

const textOf = (value: unknown) => (value === null || value === undefined ? null : String(value));

export function pairsOfCounts({ actual, predicted, counts }: Counts): Pair[] {
  const names = predicted.map(textOf);
  return actual.flatMap((value, i) => {
    const name = textOf(value);
    if (name === null) return [];
    return names.flatMap((other, j) => {
      const count = counts[i]?.[j] ?? 0;
      // A class that is only predicted is known by its column.
      return count > 0 ? [{ actual: name, predicted: other, count }] : [];
    });
  });
}

/** Counts the rows of the mask. */
export function pairsOfColumns(actual: Column, predicted: Column, mask: Bitmask | null): Pair[] {
  const [is, said] = [coded(actual), coded(predicted)];
  const counts = new Map<number, number>();
  const width = said.names.length + 1;
  for (let row = 0; row < is.codes.length; row++) {
    if (mask && !mask.get(row)) continue;
    const code = is.codes[row];
    if (code === is.names.length) continue;
    const cell = code * width + said.codes[row];
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  return [...counts].map(([cell, count]) => ({
    actual: is.names[Math.floor(cell / width)],
    predicted: said.names[cell % width] ?? null,
    count,
  }));
}

/** The code of a null is the number of names. */
function coded(column: Column): { codes: ArrayLike<number>; names: string[] } {
  if (column.kind === "codes") return { codes: column.codes, names: column.dictionary };
  const length = column.kind === "number" ? column.values.length : column.length;
  const text = textsOf(column);
  const codeOf = new Map<string, number>();
  const codes = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const value = text(row);
    if (value === null) {
      codes[row] = -1;
      continue;
    }
    const known = codeOf.get(value) ?? codeOf.size;
    codeOf.set(value, known);
    codes[row] = known;
  }
  const names = [...codeOf.keys()];
  for (let row = 0; row < length; row++) if (codes[row] < 0) codes[row] = names.length;
  return { codes, names };
}

export const isMistake = ({ actual, predicted }: Pair) => predicted !== null && predicted !== actual;

/** All classes that are there or predicted, those with most mistakes first. */
export function classesOf(pairs: readonly Pair[]): string[] {
  const wrong = new Map<string, number>();
  for (const pair of pairs) {
    const amount = isMistake(pair) ? pair.count : 0;
    for (const name of new Set([pair.actual, pair.predicted])) {
      if (name !== null) wrong.set(name, (wrong.get(name) ?? 0) + amount);
    }
  }
  return [...wrong].sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

export interface Matrix {
  /** In their own order. */
  classes: string[];
  counts: number[][];
  /** All rows of each class, also those whose prediction is not among the shown. */
  rows: number[];
}

/** The square of these classes. */
export function matrixOf(pairs: readonly Pair[], kept: readonly string[]): Matrix {
  const classes = [...kept].sort(byName);
  const place = new Map(classes.map((name, i) => [name, i]));
  const counts = classes.map(() => classes.map(() => 0));
  const rows = classes.map(() => 0);
  for (const { actual, predicted, count } of pairs) {
    const i = place.get(actual);
    if (i === undefined) continue;
    rows[i] += count;
    const j = predicted === null ? undefined : place.get(predicted);
    if (j !== undefined) counts[i][j] += count;
  }
  return { classes, counts, rows };
}
