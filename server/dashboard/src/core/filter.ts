/**
 * What is shown: a list of conditions that are all to hold, each a chip in the view bar.
 *
 * A filter is text twice: SQL for the service, and JSON in the address bar.
 */
import { type InstanceCondition, instanceSql, isInstance, MEASURES, type Span } from "./instance";
import { insideSql, type Polygon } from "./polygon";
import { quoteName, quoteText } from "./sql-text";

/** An axis of a lasso: a column, or a sum of weighted columns where a 3D plot was turned. */
export type Axis = string | { terms: [column: string, weight: number][] };

export type Condition =
  | { kind: "range"; column: string; low: number | null; high: number | null; is?: "time" }
  | { kind: "in"; column: string; values: (string | null)[] }
  | { kind: "text"; column: string; text: string; how: "contains" | "matches" }
  | { kind: "null"; column: string }
  | { kind: "cell"; actual: string; predicted: string; values: [string, string] }
  | { kind: "lasso"; x: Axis; y: Axis; polygon: Polygon }
  | { kind: "differ"; columns: [string, string] }
  | { kind: "keys"; column: string; keys: string[] }
  | InstanceCondition
  | { kind: "sql"; sql: string };

export interface Clause {
  condition: Condition;
  negated?: boolean;
}

export type Filter = readonly Clause[];

/** The whole filter as one condition; undefined where everything is shown. */
export function whereOf(filter: Filter, without?: number): string | undefined {
  const parts = filter.filter((_, i) => i !== without).map(clauseSql);
  return parts.length === 0 ? undefined : parts.join(" AND ");
}

export function clauseSql({ condition, negated }: Clause): string {
  const sql = conditionSql(condition);
  // A row where the condition is unknown (null) is not one where it holds, so a negation has it.
  return negated ? `(${sql}) IS NOT TRUE` : `(${sql})`;
}

function conditionSql(condition: Condition): string {
  switch (condition.kind) {
    case "range":
      return rangeSql(condition);
    case "in": {
      const column = quoteName(condition.column);
      const values = condition.values.filter((value) => value !== null).map((value) => quoteText(value));
      const parts = values.length > 0 ? [`CAST(${column} AS VARCHAR) IN (${values.join(", ")})`] : [];
      if (condition.values.includes(null)) parts.push(`${column} IS NULL`);
      return parts.join(" OR ") || "FALSE";
    }
    case "text": {
      const column = `CAST(${quoteName(condition.column)} AS VARCHAR)`;
      if (condition.how === "matches") return `regexp_like(${column}, ${quoteText(condition.text)})`;
      return `contains(lower(${column}), ${quoteText(condition.text.toLowerCase())})`;
    }
    case "null":
      return `${quoteName(condition.column)} IS NULL`;
    case "cell":
      return (
        `CAST(${quoteName(condition.actual)} AS VARCHAR) = ${quoteText(condition.values[0])}` +
        ` AND CAST(${quoteName(condition.predicted)} AS VARCHAR) = ${quoteText(condition.values[1])}`
      );
    case "lasso":
      return insideSql(axisSql(condition.x), axisSql(condition.y), condition.polygon);
    case "differ":
      return `${quoteName(condition.columns[0])} <> ${quoteName(condition.columns[1])}`;
    case "keys":
      return `CAST(${quoteName(condition.column)} AS VARCHAR) IN (${condition.keys.map(quoteText).join(", ")})`;
    case "instance":
      return instanceSql(condition);
    case "sql":
      return condition.sql;
  }
}

function rangeSql(range: Extract<Condition, { kind: "range" }>): string {
  const column = quoteName(range.column);
  const bound = (value: number) =>
    range.is === "time"
      ? `TIMESTAMP ${quoteText(new Date(value).toISOString().replace("T", " ").replace("Z", ""))}`
      : `${value}`;
  const parts: string[] = [];
  if (range.low !== null) parts.push(`${column} >= ${bound(range.low)}`);
  if (range.high !== null) parts.push(`${column} <= ${bound(range.high)}`);
  return parts.join(" AND ") || "TRUE";
}

export function axisSql(axis: Axis): string {
  if (typeof axis === "string") return quoteName(axis);
  return `(${axis.terms.map(([column, weight]) => `${quoteName(column)} * (${weight})`).join(" + ")})`;
}

/** What the chip says. */
export function describe({ condition, negated }: Clause): string {
  const text = describeCondition(condition);
  return negated ? `not ${text}` : text;
}

function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case "range": {
      const show = (value: number) =>
        condition.is === "time" ? new Date(value).toISOString().slice(0, 16).replace("T", " ") : shortNumber(value);
      return describeSpan(condition.column, condition, show);
    }
    case "in":
      return describeValues(condition.column, condition.values);
    case "text":
      return condition.how === "matches"
        ? `${condition.column} matches /${condition.text}/`
        : `${condition.column} contains “${condition.text}”`;
    case "null":
      return `${condition.column} is null`;
    case "cell":
      return `${condition.values[0]} → ${condition.values[1]}`;
    case "lasso":
      return `lasso on ${axisName(condition.x)} × ${axisName(condition.y)}`;
    case "differ":
      return `${condition.columns[0]} ≠ ${condition.columns[1]}`;
    case "keys":
      return condition.keys.length === 1 ? `row ${condition.keys[0]}` : `${condition.keys.length} chosen rows`;
    case "instance": {
      const parts = condition.labels ? [describeValues("class", condition.labels)] : [];
      for (const measure of MEASURES) {
        const span = condition[measure];
        if (span) parts.push(describeSpan(measure, span, shortNumber));
      }
      return `${condition.column} with one of ${parts.join(", ")}`;
    }
    case "sql":
      return condition.sql;
  }
}

function describeSpan(name: string, { low, high }: Span, show: (value: number) => string): string {
  if (low !== null && high !== null) return `${name} ${show(low)} – ${show(high)}`;
  return low !== null ? `${name} ≥ ${show(low)}` : `${name} ≤ ${show(high ?? 0)}`;
}

function describeValues(name: string, values: readonly (string | null)[]): string {
  const shown = values.slice(0, 3).map((value) => value ?? "null");
  const more = values.length - shown.length;
  return `${name} = ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const axisName = (axis: Axis) => (typeof axis === "string" ? axis : axis.terms.map(([column]) => column).join("/"));

export function shortNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return value.toLocaleString("en-US");
  return Number(value.toPrecision(4)).toString();
}

/** Adds a clause; one of the same kind on the same column takes the place of the old one, and the same is there once. */
export function withClause(filter: Filter, clause: Clause): Filter {
  const name = slot(clause);
  const at = name === null ? -1 : filter.findIndex((other) => slot(other) === name);
  if (at < 0 && filter.some((other) => clauseSql(other) === clauseSql(clause))) return filter;
  return at < 0 ? [...filter, clause] : filter.map((other, i) => (i === at ? clause : other));
}

function slot({ condition, negated }: Clause): string | null {
  switch (condition.kind) {
    case "range":
    case "in":
    case "text":
    case "instance":
      return `${condition.kind}/${condition.column}/${negated ?? false}`;
    default:
      return null;
  }
}

export function toText(filter: Filter): string {
  return filter.length === 0
    ? ""
    : JSON.stringify(filter.map(({ condition, negated }) => (negated ? [condition, 1] : [condition])));
}

/** Reads a filter from a link; what is not one is dropped and counted, never guessed. */
export function fromText(text: string | null): { filter: Filter; dropped: number } {
  if (!text) return { filter: [], dropped: 0 };
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) return { filter: [], dropped: 1 };
    const clauses = parsed.map((item): Clause | null => {
      const condition = Array.isArray(item) ? item[0] : null;
      if (!isCondition(condition)) return null;
      return item[1] ? { condition, negated: true } : { condition };
    });
    const filter = clauses.filter((clause) => clause !== null);
    return { filter, dropped: clauses.length - filter.length };
  } catch {
    return { filter: [], dropped: 1 };
  }
}

function isCondition(value: unknown): value is Condition {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Record<string, unknown>;
  const text = (...names: string[]) => names.every((name) => typeof it[name] === "string");
  const bound = (name: string) => it[name] === null || Number.isFinite(it[name]);
  const texts = (list: unknown) => Array.isArray(list) && list.every((part) => typeof part === "string");
  switch (it.kind) {
    case "range":
      return text("column") && bound("low") && bound("high");
    case "in":
      return (
        text("column") &&
        Array.isArray(it.values) &&
        it.values.every((part) => part === null || typeof part === "string")
      );
    case "text":
      return text("column", "text") && (it.how === "contains" || it.how === "matches");
    case "null":
      return text("column");
    case "cell":
      return text("actual", "predicted") && texts(it.values) && (it.values as string[]).length === 2;
    case "lasso":
      return (
        isAxis(it.x) &&
        isAxis(it.y) &&
        Array.isArray(it.polygon) &&
        it.polygon.length >= 6 &&
        it.polygon.every(Number.isFinite)
      );
    case "differ":
      return texts(it.columns) && (it.columns as string[]).length === 2;
    case "keys":
      return text("column") && texts(it.keys);
    case "instance":
      return isInstance(it);
    case "sql":
      return text("sql");
    default:
      return false;
  }
}

function isAxis(value: unknown): value is Axis {
  if (typeof value === "string") return true;
  const terms = (value as { terms?: unknown } | null)?.terms;
  return (
    Array.isArray(terms) &&
    terms.every((term) => Array.isArray(term) && typeof term[0] === "string" && Number.isFinite(term[1]))
  );
}
