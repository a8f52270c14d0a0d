/** A conflict's own value, as a person types it: of the kind that the sides have. */
import type { Cell, Conflict } from "../api/contract";

/** What is typed, as a value; undefined where it is none of that kind. Nothing typed is null, but for texts. */
export function ownValue({ ours, theirs, base }: Conflict, text: string): Cell | undefined {
  const like = [ours, theirs, base].find((value) => value !== null && value !== undefined);
  if (like === undefined || typeof like === "string") return text;
  const typed = text.trim();
  if (typed === "") return null;
  let value: Cell;
  try {
    value = JSON.parse(typed) as Cell;
  } catch {
    return undefined;
  }
  if (typeof value !== typeof like || Array.isArray(value) !== Array.isArray(like)) return undefined;
  return typeof value === "number" && !Number.isFinite(value) ? undefined : value;
}

export function valueText(value: Cell | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
