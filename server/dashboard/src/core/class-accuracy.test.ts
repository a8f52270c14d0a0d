import { expect, test } from "vitest";
import { accuracyDeltas } from "./class-accuracy";

test("classes are told by the change of their accuracy, without rows that have no prediction", () => {
  const before = {
    actual: ["cat", "dog", null],
    predicted: ["cat", "dog", null],
    counts: [
      [8, 2, 90],
      [5, 5, 0],
      [1, 1, 1],
    ],
  };
  const after = {
    actual: ["cat", "dog"],
    predicted: ["cat", "dog"],
    counts: [
      [9, 1],
      [0, 10],
    ],
  };
  expect(accuracyDeltas(before, after)).toEqual([
    { name: "dog", before: 0.5, after: 1, rows: 10 },
    { name: "cat", before: 0.8, after: 0.9, rows: 10 },
  ]);
});

test("a class that only one run saw is left out", () => {
  const one = { actual: ["cat"], predicted: ["cat"], counts: [[1]] };
  const other = { actual: ["dog"], predicted: ["dog"], counts: [[1]] };
  expect(accuracyDeltas(one, other)).toEqual([]);
});
