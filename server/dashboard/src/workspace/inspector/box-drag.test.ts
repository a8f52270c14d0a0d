import { expect, test } from "vitest";
import { dragged } from "./box-drag";

const size = { width: 100, height: 80 };
const box = { x: 10, y: 10, width: 20, height: 20 };

test("a box drawn from right to left is the same as from left to right", () => {
  expect(dragged({ kind: "draw", from: [50, 40], to: [30, 20] }, size)).toEqual({
    x: 30,
    y: 20,
    width: 20,
    height: 20,
  });
  expect(dragged({ kind: "draw", from: [50, 40], to: [50, 40] }, size)).toBeNull();
});

test("a box is moved whole and stays in the picture", () => {
  expect(dragged({ kind: "move", box, from: [0, 0], to: [5, 5] }, size)).toEqual({
    x: 15,
    y: 15,
    width: 20,
    height: 20,
  });
  expect(dragged({ kind: "move", box, from: [0, 0], to: [500, 0] }, size)).toEqual({
    x: 80,
    y: 10,
    width: 20,
    height: 20,
  });
});

test("a handle moves its own sides", () => {
  expect(dragged({ kind: "resize", box, handle: "nw", from: [10, 10], to: [5, 12] }, size)).toEqual({
    x: 5,
    y: 12,
    width: 25,
    height: 18,
  });
});
