import { expect, test } from "vitest";
import { ago, bytes, counted, measured, shortId } from "./amounts";

test("sizes and counts are short and right", () => {
  expect([bytes(0), bytes(1023), bytes(1024), bytes(5 * 1024 ** 3)]).toEqual(["0 B", "1023 B", "1.0 KiB", "5.0 GiB"]);
  expect([counted(1, "row"), counted(1_000_000, "row")]).toEqual(["1 row", "1,000,000 rows"]);
});

test("what is no number is said", () => {
  expect([Number.NaN, Number.POSITIVE_INFINITY, 0.12345, 1e-9].map(measured)).toEqual([
    "NaN",
    "∞",
    "0.1235",
    "1.000e-9",
  ]);
  expect([1_000_000, 1e300].map(measured)).toEqual(["1,000,000", "1.000e+300"]);
});

test("a time is told from now", () => {
  const now = Date.parse("2026-01-31T12:00:00Z");
  expect(ago("2026-01-31T11:58:00Z", now)).toBe("2 minutes ago");
  expect(ago("2025-01-01T00:00:00Z", now)).toBe("2025-01-01");
});

test("only a full id is shortened", () => {
  expect(shortId("a".repeat(64))).toBe("aaaaaaaa");
  expect(shortId("main")).toBe("main");
});
