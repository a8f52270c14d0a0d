import { expect, test } from "vitest";
import { matching } from "./matching";

const box = (x: number, y = 0, side = 10) => ({ x, y, width: side, height: side });

test("a guess is the box that it covers, and each box is given once", () => {
  const truths = [
    { box: box(0), name: "car" },
    { box: box(100), name: "car" },
  ];
  const guesses = [
    { box: box(2), name: "car", confidence: 0.6 },
    { box: box(1), name: "car", confidence: 0.9 },
    { box: box(300), name: "car", confidence: 0.8 },
  ];
  const { truths: of, right, confused, invented, missed } = matching(truths, guesses, 0.5);
  // The surer guess has the box; the other one is a second guess of the same.
  expect(of).toEqual([-1, 0, -1]);
  expect({ right, confused, invented, missed }).toEqual({ right: 1, confused: 0, invented: 2, missed: 1 });
});

test("a box of its own class goes before one that is nearer", () => {
  const truths = [
    { box: box(0), name: "van" },
    { box: box(2), name: "car" },
  ];
  const { truths: of, overlaps } = matching(truths, [{ box: box(0), name: "car", confidence: null }], 0.5);
  expect(of).toEqual([1]);
  expect(overlaps[0]).toBeCloseTo(80 / 120);
});

test("the right place with another class is a confusion, not an invention", () => {
  const found = matching([{ box: box(0), name: "van" }], [{ box: box(0), name: "car", confidence: 1 }], 0.5);
  expect({ ...found, overlaps: [] }).toEqual({
    truths: [0],
    overlaps: [],
    right: 0,
    confused: 1,
    invented: 0,
    missed: 0,
  });
});
