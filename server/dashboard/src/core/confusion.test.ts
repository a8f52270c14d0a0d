import { expect, test } from "vitest";
import { Bitmask } from "./bitmask";
import type { Column } from "./column";
import { classesOf, isMistake, matrixOf, pairsOfColumns, pairsOfCounts } from "./confusion";

const pairs = pairsOfCounts({
  actual: ["cat", "dog", "owl", null],
  predicted: ["cat", "owl", "dog", "bee", null],
  counts: [
    [10, 0, 5, 0, 2],
    [4, 0, 20, 1, 0],
    [0, 9, 0, 0, 0],
    [7, 0, 0, 0, 0],
  ],
});

test("the most confused classes are kept, and a row's total holds all of its predictions", () => {
  expect(matrixOf(pairs, classesOf(pairs).slice(0, 2))).toEqual({
    classes: ["cat", "dog"],
    counts: [
      [10, 5],
      [4, 20],
    ],
    rows: [17, 25],
  });
});

test("a class that is only predicted has a line of its own", () => {
  const all = matrixOf(pairs, classesOf(pairs));
  expect(all.classes).toEqual(["bee", "cat", "dog", "owl"]);
  expect(all.counts[0]).toEqual([0, 0, 0, 0]);
  expect(all.counts[2]).toEqual([1, 4, 20, 0]);
});

test("rows are counted in pairs whatever their columns are made of, and a null is no class", () => {
  const texts = (...values: (string | null)[]): Column => ({
    kind: "cells",
    length: values.length,
    at: (row) => values[row],
  });
  const codes: Column = { kind: "codes", codes: Uint16Array.from([1, 0, 1, 1, 2]), dictionary: ["cat", "dog"] };
  const found = pairsOfColumns(texts("dog", "dog", null, "cat", "cat"), codes, null);
  expect(found).toEqual([
    { actual: "dog", predicted: "dog", count: 1 },
    { actual: "dog", predicted: "cat", count: 1 },
    { actual: "cat", predicted: "dog", count: 1 },
    { actual: "cat", predicted: null, count: 1 },
  ]);
  expect(found.filter(isMistake).length).toBe(2);
  const masked = pairsOfColumns(texts("dog", "dog", null, "cat", "cat"), codes, Bitmask.fromRows(5, [3]));
  expect(masked).toEqual([{ actual: "cat", predicted: "dog", count: 1 }]);
});

test("ten thousand classes of a million rows are counted while nobody waits", () => {
  const rows = 1_000_000;
  const dictionary = Array.from({ length: 10_000 }, (_, i) => `class ${i}`);
  const actual: Column = { kind: "codes", codes: Uint16Array.from({ length: rows }, (_, i) => i % 10_000), dictionary };
  const predicted: Column = {
    kind: "codes",
    codes: Uint16Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? (i * 3) % 10_000 : i % 10_000)),
    dictionary,
  };
  const began = performance.now();
  const found = pairsOfColumns(actual, predicted, null);
  const matrix = matrixOf(found, classesOf(found).slice(0, 12));
  expect(performance.now() - began).toBeLessThan(5000);
  expect(found.reduce((sum, { count }) => sum + count, 0)).toBe(rows);
  expect(matrix.rows).toEqual(Array.from({ length: 12 }, () => 100));
});
