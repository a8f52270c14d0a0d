import { expect, test } from "vitest";
import { Bitmask } from "../core/bitmask";
import { byCondition, byKeys, NOTHING, targetsOf } from "./selection";

const mask = (...rows: number[]) => Bitmask.fromRows(10, rows);
const never = () => false;
const noKeys = () => Promise.reject(new Error("no keys are needed"));

test("a lasso is edited by its condition, whatever its size", async () => {
  const state = byCondition(NOTHING, "replace", mask(1, 2, 3), "a > 1");
  expect(state.count).toBe(3);
  expect(await targetsOf(state, never, noKeys)).toEqual([{ where: "a > 1" }]);
});

test("a second lasso adds or takes away", async () => {
  const first = byCondition(NOTHING, "replace", mask(1, 2, 3), "A");
  const more = byCondition(first, "add", mask(3, 4), "B");
  const less = byCondition(more, "subtract", mask(1), "C");
  expect(less.mask?.rows()).toEqual([2, 3, 4]);
  expect(await targetsOf(less, never, noKeys)).toEqual([{ where: "((A) OR (B)) AND (C) IS NOT TRUE" }]);
});

test("clicked rows beside a lasso are a second target", async () => {
  const state = byKeys(byCondition(NOTHING, "replace", mask(1), "A"), "toggle", [{ row: 7, key: "k7" }], 10);
  expect(await targetsOf(state, never, noKeys)).toEqual([{ where: "A" }, { keys: ["k7"] }]);
});

test("a row that was clicked out of a lasso is not edited", async () => {
  const state = byKeys(byCondition(NOTHING, "replace", mask(1, 2), "A"), "toggle", [{ row: 2, key: "k2" }], 10);
  expect(state.mask?.rows()).toEqual([1]);
  const read = async () => [1, 2].map((row) => ({ row, key: `k${row}` }));
  expect(await targetsOf(state, never, read)).toEqual([{ keys: ["k1"] }]);
});

test("the last row clicked out leaves nothing selected", () => {
  const one = byKeys(NOTHING, "replace", [{ row: 3, key: "k3" }], 10);
  expect(byKeys(one, "toggle", [{ row: 3, key: "k3" }], 10)).toBe(NOTHING);
});

test("a selection of another table is not added to", () => {
  const other = byCondition(NOTHING, "replace", Bitmask.fromRows(5, [1]), "A");
  expect(byCondition(other, "add", mask(2), "B").where).toBe("B");
});

test("a condition on what a run measured is read as keys: the draft has no runs", async () => {
  const state = byCondition(NOTHING, "replace", mask(1, 2), '"r1.loss" > 2');
  const read = async () => [1, 2].map((row) => ({ row, key: `k${row}` }));
  expect(await targetsOf(state, (where) => where.includes("r1."), read)).toEqual([{ keys: ["k1", "k2"] }]);
});
