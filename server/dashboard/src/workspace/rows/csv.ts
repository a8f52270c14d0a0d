/** Rows as CSV (RFC 4180), with a guard against cells that a spreadsheet would run as formulas. */
import type { Cell, Row } from "../../api/contract";

export function csvHead(names: readonly string[]): string {
  return `${names.map(csvText).join(",")}\r\n`;
}

export function csvLine(row: Row, names: readonly string[]): string {
  return `${names.map((name) => csvCell(row[name])).join(",")}\r\n`;
}

function csvCell(value: Cell | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return csvText(/^[=+@\t\r]|^-(?![\d.])/.test(value) ? `'${value}` : value);
  return csvText(typeof value === "object" ? JSON.stringify(value) : String(value));
}

const csvText = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
