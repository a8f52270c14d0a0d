import { expect, test } from "vitest";
import { lanesOf } from "./lanes";

test("a straight history has one lane", () => {
  const lanes = lanesOf([
    { id: "c", parents: ["b"] },
    { id: "b", parents: ["a"] },
    { id: "a", parents: [] },
  ]);
  expect(lanes.map(({ column, width }) => [column, width])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  expect(lanes[2].edges).toEqual([]);
});

test("a branch has a lane of its own, and ends where it began", () => {
  const lanes = lanesOf([
    { id: "main2", parents: ["root"] },
    { id: "fix1", parents: ["root"] },
    { id: "root", parents: [] },
  ]);
  expect(lanes.map(({ column }) => column)).toEqual([0, 1, 0]);
  expect(lanes[1].edges.map(({ from, to }) => [from, to])).toEqual([
    [0, 0],
    [1, 0],
  ]);
});

test("a merge opens a lane to its second parent", () => {
  const lanes = lanesOf([
    { id: "merge", parents: ["ours", "theirs"] },
    { id: "ours", parents: ["root"] },
    { id: "theirs", parents: ["root"] },
    { id: "root", parents: [] },
  ]);
  expect(lanes[0].edges.map(({ from, to }) => [from, to])).toEqual([
    [0, 0],
    [0, 1],
  ]);
  expect(lanes.map(({ column }) => column)).toEqual([0, 0, 1, 0]);
});
