/** A cell of a page as text: honest about null, NaN and the infinities, and never a megabyte of it. */
import type { Cell, TableColumn } from "../../api/contract";
import { counted, measured } from "../../parts/amounts";
import { classText, isBoxList, isLabel, isNumber, isTime } from "../columns";

const LONGEST = 300;
const NO_NUMBERS: Record<string, string> = { NaN: "NaN", inf: "∞", "-inf": "−∞" };

export function cellText(column: TableColumn, value: Cell | undefined): string {
  if (value === null || value === undefined) return "null";
  if (isLabel(column)) return classText(column, value);
  if (typeof value === "number")
    return column.role.kind === "key" || !isNumber(column) ? String(value) : measured(value);
  // JSON has no numbers for these: they come as words.
  if (typeof value === "string" && isNumber(column) && value in NO_NUMBERS) return NO_NUMBERS[value];
  if (typeof value === "string") {
    const text = isTime(column) ? value.replace("T", " ").replace(/(\.\d+)?Z$/, "") : value;
    return text.length > LONGEST
      ? `${text.slice(0, LONGEST)}… (${text.length.toLocaleString("en-US")} characters)`
      : text;
  }
  if (Array.isArray(value) && isBoxList(column)) return boxesText(value).slice(0, LONGEST);
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map((part) => (typeof part === "number" ? measured(part) : JSON.stringify(part)));
    return `[${shown.join(", ")}${value.length > 8 ? `, … ${value.length}` : ""}]`.slice(0, LONGEST);
  }
  return (typeof value === "object" ? JSON.stringify(value) : String(value)).slice(0, LONGEST);
}

/** How many boxes, and of which classes; where they are is seen in the picture. */
function boxesText(boxes: readonly Cell[]): string {
  const numbers = new Map<string, number>();
  for (const box of boxes) {
    const label = typeof box === "object" && box !== null && "label" in box ? box.label : null;
    const text = String(label ?? "no class");
    numbers.set(text, (numbers.get(text) ?? 0) + 1);
  }
  const parts = [...numbers].map(([label, number]) => (number > 1 ? `${number} × ${label}` : label));
  return [counted(boxes.length, "box", "boxes"), parts.join(", ")].filter(Boolean).join(": ");
}

/** What a typed text means for a column; undefined where it is no value of it. */
export function parseCell(column: TableColumn, text: string): Cell | undefined {
  const trimmed = text.trim();
  if (trimmed === "" && column.nullable) return null;
  if (isNumber(column)) {
    const number = Number(trimmed);
    if (/^[+-]?\d+$/.test(trimmed)) return Number.isSafeInteger(number) ? number : trimmed;
    if (trimmed !== "" && Number.isFinite(number)) return number;
    // JSON has no numbers for these: they go as words.
    const [, sign, word] = /^([+-]?)(nan|inf|infinity|∞)$/i.exec(trimmed.replace("−", "-")) ?? [];
    if (word === undefined || !/float|double/i.test(column.type)) return undefined;
    return word.toLowerCase() === "nan" ? "NaN" : `${sign === "-" ? "-" : ""}inf`;
  }
  if (/^bool/i.test(column.type)) return { true: true, false: false }[trimmed.toLowerCase()];
  if (/list|struct/i.test(column.type)) {
    try {
      return JSON.parse(trimmed) as Cell;
    } catch {
      return undefined;
    }
  }
  return text;
}
