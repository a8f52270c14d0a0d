import { expect, test } from "vitest";
import { ownValue, valueText } from "./own-value";

const cell = (base: unknown, ours: unknown, theirs: unknown) =>
  ({ path: "a.csv", table: "a", key: "1", column: "x", base, ours, theirs, why: "" }) as never;

test("a value is read as what the sides are", () => {
  expect(ownValue(cell("cat", "dog", "cow"), "12")).toBe("12");
  expect(ownValue(cell(1, 2, 3), "12.5")).toBe(12.5);
  expect(ownValue(cell(true, false, null), "true")).toBe(true);
  expect(ownValue(cell([1, 2], [1, 3], [1, 4]), "[1, 5]")).toEqual([1, 5]);
});

test("a side that is null says nothing of the kind, and nothing typed is null where it is no text", () => {
  expect(ownValue(cell(null, null, 3), "4")).toBe(4);
  expect(ownValue(cell(1, 2, 3), "")).toBeNull();
  expect(ownValue(cell("a", "b", "c"), "")).toBe("");
});

test("what is no such value is none", () => {
  expect(ownValue(cell(1, 2, 3), "many")).toBeUndefined();
  expect(ownValue(cell(1, 2, 3), "1e999")).toBeUndefined();
  expect(ownValue(cell(true, false, true), "yes")).toBeUndefined();
  expect(ownValue(cell([1], [2], [3]), "[1")).toBeUndefined();
  expect(ownValue(cell([1], [2], [3]), "7")).toBeUndefined();
});

test("what is shown is read as the same again", () => {
  for (const value of ["a", 1.5, false, [1, [2]], null]) {
    const like = cell(value, value ?? 1, value ?? 2);
    expect(ownValue(like, valueText(value))).toEqual(value);
  }
});
