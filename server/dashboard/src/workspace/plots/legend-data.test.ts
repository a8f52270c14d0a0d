import { expect, test } from "vitest";
import { hiddenCondition } from "./legend-data";

const values = ["cat", "dog", "it's", null];
const hide = (...codes: number[]) => hiddenCondition("label", values, new Set(codes));

test("a condition names the hidden classes, or the shown ones where these are fewer", () => {
  expect(hide(0)).toBe(`(CAST("label" AS VARCHAR) IN ('cat')) IS NOT TRUE`);
  expect(hide(0, 3)).toBe(`(CAST("label" AS VARCHAR) IN ('cat')) IS NOT TRUE AND "label" IS NOT NULL`);
  expect(hide(0, 1, 3)).toBe(`CAST("label" AS VARCHAR) IN ('it''s')`);
  expect(hide(0, 1, 2)).toBe(`"label" IS NULL`);
  expect(hide(0, 1, 2, 3)).toBe("FALSE");
  expect(hide()).toBeNull();
});
