import { expect, test } from "vitest";
import { Bitmask } from "../../core/bitmask";
import type { Column } from "../../core/column";
import { answersOf, calibration } from "./trust";

const column = (...values: (string | null)[]): Column => ({
  kind: "cells",
  length: values.length,
  at: (row) => values[row],
});
const numbers = (...values: number[]): Column => ({
  kind: "number",
  values: Float64Array.from(values),
  valid: null,
  is: "number",
});

test("a class is scored by the rows that are said to be of it, and found among those that are", () => {
  const found = answersOf(
    column("cat", "cat", "dog", null, "cat"),
    column("cat", "dog", "dog", "dog", null),
    numbers(0.9, 0.6, 0.8, 0.7, 0.5),
    null,
  );
  expect(found?.all).toEqual({ confidence: [0.9, 0.6, 0.8, 0.7], isRight: [true, false, true, false] });
  expect(found?.classes).toEqual([
    { name: "cat", truths: 2, scored: { confidence: [0.9], isRight: [true] } },
    { name: "dog", truths: 1, scored: { confidence: [0.6, 0.8, 0.7], isRight: [false, true, false] } },
  ]);
});

test("only rows of the mask that have a confidence are answers", () => {
  const found = answersOf(
    column("cat", "cat", "dog"),
    column("cat", "cat", "dog"),
    numbers(0.9, Number.NaN, 0.8),
    Bitmask.fromRows(3, [0, 1]),
  );
  expect(found?.all.confidence).toEqual([0.9]);
  expect(found?.classes.map(({ name }) => name)).toEqual(["cat"]);
});

test("a bin tells its mean confidence and the share that is right", () => {
  const bins = calibration({ confidence: [0.9, 0.9, 0.5, 0.1], isRight: [true, false, true, false] }, 2);
  expect(bins[0]).toEqual({ confidence: 0.1, accuracy: 0, count: 1 });
  expect(bins[1].count).toBe(3);
  expect(bins[1].accuracy).toBeCloseTo(2 / 3);
});
