import { expect, test } from "vitest";
import { type BoxForm, boxAt, clampTo, fromCell, iou, resize, toCell } from "./box";

test("every form of a box is read and written back", () => {
  for (const [form, cell] of [
    ["box-xywh", [10, 20, 30, 40]],
    ["box-xyxy", [10, 20, 40, 60]],
    ["box-cxcywhn", [0.125, 0.4, 0.15, 0.4]],
  ] as [BoxForm, number[]][]) {
    const box = fromCell(form, cell, 200, 100);
    expect(box, form).toEqual({ x: 10, y: 20, width: 30, height: 40 });
    if (box) expect(toCell(form, box, 200, 100)).toEqual(cell);
  }
});

test("a cell that is no box gives none", () => {
  expect(fromCell("box-xywh", [1, 2, Number.NaN, 4], 10, 10)).toBeNull();
});

test("intersection over union", () => {
  const a = { x: 0, y: 0, width: 10, height: 10 };
  expect(iou(a, a)).toBe(1);
  expect(iou(a, { x: 5, y: 0, width: 10, height: 10 })).toBeCloseTo(1 / 3);
  expect(iou(a, { x: 20, y: 0, width: 5, height: 5 })).toBe(0);
});

test("a box pulled through itself is turned back, and one pushed out stays in the image", () => {
  const box = { x: 10, y: 10, width: 10, height: 10 };
  expect(resize(box, "e", -15, 0)).toEqual({ x: 5, y: 10, width: 5, height: 10 });
  expect(clampTo({ x: 95, y: -5, width: 10, height: 10 }, 100, 100)).toEqual({ x: 90, y: 0, width: 10, height: 10 });
});

test("of nested boxes the inner one is meant", () => {
  const boxes = [
    { x: 0, y: 0, width: 100, height: 100 },
    { x: 40, y: 40, width: 10, height: 10 },
  ];
  expect(boxAt(boxes, 45, 45)).toBe(1);
  expect(boxAt(boxes, 5, 5)).toBe(0);
  expect(boxAt(boxes, 500, 5)).toBe(-1);
});
