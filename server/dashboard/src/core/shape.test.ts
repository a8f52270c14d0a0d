import { expect, test } from "vitest";
import { moved, pointsOf, ringsOf } from "./shape";

test("a point of a polygon is moved in its own ring", () => {
  const cell = [
    [0, 0, 10, 0, 10, 10],
    [20, 20, 30, 20, 30, 30],
  ];
  const points = pointsOf("polygon", cell);
  expect(points.length).toBe(6);
  expect(moved("polygon", cell, points[4], 31.126, 19)).toEqual([cell[0], [20, 20, 31.13, 19, 30, 30]]);
  expect(cell[1][2]).toBe(30);
});

test("a keypoint keeps what is known of its being seen, and one without a place is not shown", () => {
  const cell = [5, 6, 2, 0, 0, 0, 7, 8, 1];
  const points = pointsOf("keypoints", cell);
  expect(points.map(({ x, y }) => [x, y])).toEqual([
    [5, 6],
    [7, 8],
  ]);
  expect(moved("keypoints", cell, points[1], 9, 9)).toEqual([5, 6, 2, 0, 0, 0, 9, 9, 1]);
});

test("a mask by run lengths, or anything else, has no points", () => {
  expect(ringsOf("polygon", { counts: [1, 2], size: [3, 1] })).toEqual([]);
  expect(ringsOf("polygon", [[1, 2, 3]])).toEqual([]);
  expect(ringsOf("keypoints", [1, 2])).toEqual([]);
  expect(ringsOf("keypoints", null)).toEqual([]);
});
