import { expect, test } from "vitest";
import { measurePicture } from "./picture-measures";

const box = (x: number, side = 10) => ({ x, y: 0, width: side, height: side });

test("a picture is as good as its worst true box, and every box is counted once", () => {
  const truths = [
    { box: box(0), name: "car" },
    { box: box(100, 20), name: "van" },
  ];
  const guesses = [
    { box: box(0), name: "car", confidence: 0.9 },
    // Right in place, wrong in class; half of the box.
    { box: { ...box(100, 20), width: 10 }, name: "car", confidence: 0.8 },
    { box: box(500), name: "car", confidence: 0.7 },
  ];
  expect(measurePicture(truths, guesses, 0.5)).toEqual({
    box_iou: 0.5,
    box_tp: 1,
    box_fp: 2,
    box_fn: 1,
    box_area: 250,
  });
});

test("a box that nothing covers has an IoU of 0, and a picture without boxes has none", () => {
  expect(measurePicture([{ box: box(0), name: "car" }], [], 0.5)).toMatchObject({ box_iou: 0, box_fn: 1, box_fp: 0 });
  expect(measurePicture([], [{ box: box(0), name: "car", confidence: null }], 0.5)).toEqual({
    box_iou: null,
    box_tp: 0,
    box_fp: 1,
    box_fn: 0,
    box_area: null,
  });
});
