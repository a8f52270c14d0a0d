/**
 * A condition on what a row lists, its boxes: true where one box of the row is all that is asked.
 *
 * SQL's conditions have no word for "one of a list", so each place of the list is asked, up to `most`: the service
 * takes only so many operators, and whoever shows the filter says how many rows list more.
 */
import type { BoxForm } from "./box";
import { quoteName, quoteText } from "./sql-text";

/** Bounds, both of them within; null is none. */
export interface Span {
  low: number | null;
  high: number | null;
}

export const MEASURES = ["area", "aspect", "confidence"] as const;
export type Measure = (typeof MEASURES)[number];

/** What is asked of one box: each part that is there. */
export type Asked = { labels?: (string | null)[] } & Partial<Record<Measure, Span>>;

export interface InstanceCondition extends Asked {
  kind: "instance";
  /** The column whose cells are lists of boxes. */
  column: string;
  /** How they are written there. */
  form: BoxForm;
  /** How many of each list are asked. */
  most: number;
}

/** The service takes a condition of 1,000 operators; the lasso of a plot may need some besides. */
const OPERATORS = 900;
/** Of the 64 KiB that an address may have. */
const LETTERS = 30_000;

/** How many operators the service counts in a condition. */
export function operatorsOf(sql: string): number {
  const bare = sql.replaceAll(/'(?:[^']|'')*'/g, "''").replaceAll(/"(?:[^"]|"")*"/g, '""');
  return bare.match(/[[(*/]|\b(?:AND|IN|IS|OR|NOT)\b|[<>]=|<>|[<>=]| [-+] /g)?.length ?? 0;
}

/** How many places of a list can be asked for all of this, beside the other conditions. */
export function placesFor(asked: Asked, form: BoxForm, others = ""): number {
  const one = placeSql("", 1, form, asked);
  // The OR before the next place is one, too.
  const byOperators = (OPERATORS - operatorsOf(others)) / (operatorsOf(one) + 1);
  const byLetters = (LETTERS - encodeURIComponent(others).length / 2) / (encodeURIComponent(one).length + 24);
  return Math.max(1, Math.floor(Math.min(byOperators, byLetters)));
}

export function instanceSql({ column, form, most, ...asked }: InstanceCondition): string {
  const places = Array.from({ length: most }, (_, i) => placeSql(column, i + 1, form, asked));
  return places.filter((sql) => sql !== "").join(" OR ") || "FALSE";
}

function placeSql(column: string, place: number, form: BoxForm, { labels, area, aspect, confidence }: Asked): string {
  const of = `${quoteName(column)}[${place}]`;
  const [width, height] = sidesSql(of, form);
  const parts: string[] = [];
  if (labels) parts.push(labelsSql(of, labels));
  if (area) parts.push(...spanSql(`${width} * ${height}`, area));
  if (aspect) parts.push(...spanSql(`${width} / ${height}`, aspect));
  if (confidence) parts.push(...spanSql(`${of}['confidence']`, confidence));
  return parts.join(" AND ");
}

function sidesSql(of: string, form: BoxForm): [string, string] {
  const part = (place: number) => `${of}['box'][${place}]`;
  // A whole number by a whole number would be one.
  if (form === "box-xyxy") return [`CAST(${part(3)} - ${part(1)} AS DOUBLE)`, `(${part(4)} - ${part(2)})`];
  return [`CAST(${part(3)} AS DOUBLE)`, part(4)];
}

function labelsSql(of: string, labels: readonly (string | null)[]): string {
  const texts = labels.filter((label) => label !== null).map(quoteText);
  const known = `${of}['label'] IN (${texts.join(", ")})`;
  if (!labels.includes(null)) return texts.length > 0 ? known : "FALSE";
  // Past the end of the list there is no box either.
  const none = `${of}['label'] IS NULL AND ${of}['box'] IS NOT NULL`;
  return texts.length > 0 ? `(${known} OR ${none})` : none;
}

function spanSql(value: string, { low, high }: Span): string[] {
  if (low !== null && high !== null) return [`${value} BETWEEN ${low} AND ${high}`];
  if (low !== null) return [`${value} >= ${low}`];
  return high !== null ? [`${value} <= ${high}`] : [];
}

export const isAsked = (asked: Asked) =>
  (asked.labels?.length ?? 0) > 0 || MEASURES.some((measure) => asked[measure] !== undefined);

/** Reads one from a link. */
export function isInstance(it: Record<string, unknown>): boolean {
  const isSpan = (value: unknown) => {
    if (value === undefined) return true;
    const { low, high } = (value ?? {}) as Record<string, unknown>;
    const isBound = (bound: unknown) => bound === null || Number.isFinite(bound);
    return isBound(low) && isBound(high);
  };
  const { labels } = it;
  return (
    typeof it.column === "string" &&
    ["box-xywh", "box-cxcywhn", "box-xyxy"].includes(String(it.form)) &&
    Number.isInteger(it.most) &&
    (it.most as number) > 0 &&
    (it.most as number) <= OPERATORS &&
    MEASURES.every((measure) => isSpan(it[measure])) &&
    (labels === undefined ||
      (Array.isArray(labels) && labels.every((label) => label === null || typeof label === "string")))
  );
}
