import { expect, test } from "vitest";
import { isScaled, scrolledHeight, scrollOfTop, topOfScroll, topToShow, visibleRows } from "./scaled-scroll";

const shape = { rows: 1_000_000, rowHeight: 96, viewHeight: 640 };

test("row 1,000,000 at 96 px is on the screen at the end of the scroll bar", () => {
  const travel = scrolledHeight(shape) - shape.viewHeight;
  const { first, end, offset } = visibleRows(shape, topOfScroll(shape, travel));
  expect(end).toBe(1_000_000);
  expect(offset + (end - first) * 96).toBe(640);
  expect(isScaled(shape)).toBe(true);
});

test("the scroll bar and the top of the table map to each other", () => {
  for (const row of [0, 1, 523, 524_294, 999_000]) {
    const top = row * 96;
    expect(topOfScroll(shape, scrollOfTop(shape, top))).toBeCloseTo(top, 3);
  }
});

test("a table that fits has one pixel for each pixel", () => {
  const small = { rows: 1000, rowHeight: 28, viewHeight: 500 };
  expect(scrolledHeight(small)).toBe(28_000);
  expect(topOfScroll(small, 1234)).toBeCloseTo(1234);
});

test("a row is shown with the least movement", () => {
  expect(topToShow(shape, 9600, 100)).toBe(9600);
  expect(topToShow(shape, 9600, 99)).toBe(99 * 96);
  expect(topToShow(shape, 0, 10)).toBe(11 * 96 - 640);
});

test("a table without rows has none to show", () => {
  expect(visibleRows({ rows: 0, rowHeight: 28, viewHeight: 500 }, 0)).toEqual({ first: 0, end: 0, offset: 0 });
});
