import { expect, test } from "vitest";
import { Bitmask } from "./bitmask";
import { countInBins, equalEdges, rowsInRange } from "./histogram";

const values = Float32Array.of(0, 1, 2, 3, 4, Number.NaN, Number.POSITIVE_INFINITY, 9);

test("what is no number is counted apart, and the last edge belongs to the last bin", () => {
  const valid = Bitmask.all(8);
  valid.set(0, false);
  const found = countInBins(values, valid, null, equalEdges(0, 4, 4));
  expect(Array.from(found.counts)).toEqual([0, 1, 1, 2]);
  expect([found.nulls, found.nan, found.outside]).toEqual([1, 1, 2]);
});

test("only rows of the mask count", () => {
  const found = countInBins(values, null, Bitmask.fromRows(8, [1, 2]), equalEdges(0, 4, 2));
  expect(Array.from(found.counts)).toEqual([1, 1]);
});

test("a range without a bound holds infinity, never NaN", () => {
  expect(rowsInRange(values, null, 4, null, new Bitmask(8)).rows()).toEqual([4, 6, 7]);
  expect(rowsInRange(values, null, null, null, new Bitmask(8)).count()).toBe(7);
});
