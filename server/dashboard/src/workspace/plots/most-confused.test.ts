import { expect, test } from "vitest";
import { mostConfused } from "./most-confused";

const data = {
  actual: ["cat", "dog", "owl"],
  predicted: ["cat", "owl", "dog", "bee"],
  counts: [
    [10, 0, 5, 0],
    [4, 0, 20, 1],
    [0, 9, 0, 0],
  ],
};

test("the most confused classes are kept, and a row's total holds all of its predictions", () => {
  expect(mostConfused(data, 2)).toEqual({
    classes: ["cat", "dog"],
    counts: [
      [10, 5],
      [4, 20],
    ],
    rows: [15, 25],
  });
});

test("a class that is only predicted has a line of its own", () => {
  const all = mostConfused(data, 10);
  expect(all.classes).toEqual(["bee", "cat", "dog", "owl"]);
  expect(all.counts[0]).toEqual([0, 0, 0, 0]);
  expect(all.counts[2]).toEqual([1, 4, 20, 0]);
});
