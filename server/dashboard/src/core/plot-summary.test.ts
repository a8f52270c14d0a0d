import { expect, test } from "vitest";
import { Bitmask } from "./bitmask";
import { summaryOf } from "./plot-summary";

const axis = (values: number[], min: number, max: number) => ({
  values: Uint16Array.from(values, (value) => ((value - min) / (max - min)) * 65535),
  min,
  max,
  valid: null,
});

test("each colour tells how many points it has and where they are", () => {
  const [x, y] = [axis([0, 10, 5, 10], 0, 10), axis([-1, 1, 0, 1], -1, 1)];
  const found = summaryOf([x, y], Uint16Array.of(0, 0, 1, 0), null, null);
  expect(found.map(({ code, points }) => [code, points])).toEqual([
    [0, 3],
    [1, 1],
  ]);
  expect(found[0].axes[0].least).toBe(0);
  expect(found[0].axes[0].most).toBe(10);
  expect(found[0].axes[0].mean).toBeCloseTo(20 / 3);
  expect(found[1].axes[1].mean).toBeCloseTo(0, 4);
});

test("rows that are filtered away, or have no place, are not counted; selected ones are", () => {
  const valid = maskOf([0, 1, 2], 4);
  const x = { ...axis([1, 2, 3, 4], 0, 10), valid };
  const found = summaryOf([x], new Uint16Array(4), maskOf([1, 2, 3], 4), maskOf([2, 3], 4));
  expect(found).toMatchObject([{ points: 2, selected: 1 }]);
});

function maskOf(rows: number[], length: number): Bitmask {
  const mask = new Bitmask(length);
  for (const row of rows) mask.set(row, true);
  return mask;
}
