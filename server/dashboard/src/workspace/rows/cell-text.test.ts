import { expect, test } from "vitest";
import type { TableColumn } from "../../api/contract";
import { cellText, parseCell } from "./cell-text";

const column = (type: string, more: Partial<TableColumn> = {}): TableColumn => ({
  name: "c",
  type,
  role: { kind: "plain" },
  nullable: true,
  editable: true,
  ...more,
});

test("a cell of a megabyte shows its beginning and its length", () => {
  const text = cellText(column("Utf8"), "x".repeat(1_000_000));
  expect(text.length).toBeLessThan(350);
  expect(text).toContain("1,000,000 characters");
});

test("null is said, and a list is shortened with its length", () => {
  expect(cellText(column("Float64"), null)).toBe("null");
  expect(
    cellText(
      column("List(Float64)"),
      Array.from({ length: 512 }, (_, i) => i),
    ),
  ).toBe("[0, 1, 2, 3, 4, 5, 6, 7, … 512]");
});

test("typed text becomes a value of the column's type or is refused", () => {
  expect(parseCell(column("Int64"), " 12 ")).toBe(12);
  expect(parseCell(column("Int64"), "twelve")).toBeUndefined();
  expect(parseCell(column("Float64"), "")).toBeNull();
  expect(parseCell(column("Float64", { nullable: false }), "")).toBeUndefined();
  expect(parseCell(column("Boolean"), "True")).toBe(true);
  expect(parseCell(column("List(Float64)"), "[1, 2")).toBeUndefined();
  expect(parseCell(column("Utf8"), " as it is ")).toBe(" as it is ");
});

test("an infinity is one in a column of numbers, and a word in one of texts", () => {
  expect(["NaN", "inf", "-inf"].map((word) => cellText(column("Float64"), word))).toEqual(["NaN", "∞", "−∞"]);
  expect(cellText(column("Utf8"), "inf")).toBe("inf");
});

test("NaN and the infinities are typed as they are shown, and nothing else becomes null", () => {
  const typed = ["NaN", "nan", "∞", "−∞", "Infinity", "-inf"];
  expect(typed.map((text) => parseCell(column("Float64"), text))).toEqual(["NaN", "NaN", "inf", "-inf", "inf", "-inf"]);
  expect(parseCell(column("Int64"), "NaN")).toBeUndefined();
  expect(parseCell(column("Float64"), "1e999")).toBeUndefined();
  expect(parseCell(column("Int64"), "9007199254740993")).toBe("9007199254740993");
});

test("of a list of boxes their number and classes are told", () => {
  const boxes = column("List(Struct(label, box))", { name: "boxes" });
  const box = (label: string | null) => ({ label, box: [1, 2, 3, 4], form: "xywh", key: "1" });
  expect(cellText(boxes, [box("car"), box("dog"), box("car"), box(null)])).toBe("4 boxes: 2 × car, dog, no class");
  expect(cellText(boxes, [])).toBe("0 boxes");
});
