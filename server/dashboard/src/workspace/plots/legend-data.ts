/** Colour by a column: a code for each row, what a code means, and which codes are hidden. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { TableColumn } from "../../api/contract";
import { groupsOptions } from "../../api/queries";
import { Bitmask } from "../../core/bitmask";
import type { Column } from "../../core/column";
import { quoteName, quoteText } from "../../core/sql-text";
import { categoryColour, NULL_COLOUR, packed, packedRamp } from "../../render/palette";
import type { PointColours } from "../../render/renderer";
import { useClassOrder } from "../class-order";
import { CLASSES_MAX, classColour, classText, isBoolean, isLabel, isNumber, isText, isTime } from "../columns";
import { useWorkspace } from "../context";
import { usePositions, useWholeColumn } from "../whole-columns";

export interface LegendEntry {
  code: number;
  value: string | null;
  name: string;
  colour: string;
  /** Null where the service counts so many classes that this one is not among them. */
  count: number | null;
  isHidden: boolean;
}

export interface LegendData {
  colours: Omit<PointColours, "sizes"> | null;
  /** Classes that rows have, most first. */
  entries: LegendEntry[];
  /** Bounds, where colour is a ramp. */
  ramp: { column: string; min: number; max: number } | null;
  hidden: Bitmask | null;
  /** What is true of rows that are not hidden. */
  hiddenSql: string | null;
  choices: string[];
  toggle(code: number): void;
  solo(code: number): void;
}

export function useLegend(name: string | undefined, rows: number): LegendData {
  const { columns, at, version, where } = useWorkspace();
  const column = columns.find((one) => one.name === name) ?? null;
  const isRamp = column !== null && !isLabel(column) && (isNumber(column) || isTime(column));
  const positions = usePositions(column && isRamp ? column.name : undefined).data;
  const whole = useWholeColumn(column && !isRamp ? column.name : undefined).data;
  const counts = useQuery({
    ...groupsOptions(at, version, column?.name ?? "", where, undefined, CLASSES_MAX),
    enabled: column !== null && !isRamp,
  }).data;
  const order = useClassOrder(column);
  const [hiddenCodes, setHidden] = useState<ReadonlySet<number>>(new Set());
  const [ofColumn, setOfColumn] = useState(name);
  if (ofColumn !== name) {
    setOfColumn(name);
    setHidden(new Set());
  }
  const classes = useMemo(
    () => (column && whole && !isRamp ? classCodes(column, whole, order) : null),
    [column, whole, isRamp, order],
  );
  const colours = useMemo((): LegendData["colours"] => {
    if (column === null) return { codes: new Uint16Array(rows), palette: packed([categoryColour(0), NULL_COLOUR]) };
    if (isRamp) {
      if (positions?.values.length !== rows) return null;
      const codes = new Uint16Array(rows);
      for (let row = 0; row < rows; row++)
        codes[row] = positions.valid && !positions.valid.get(row) ? 256 : positions.values[row] >> 8;
      return { codes, palette: packedRamp(positions.min < 0 && positions.max > 0 ? "diverging" : "sequential") };
    }
    return classes && classes.codes.length === rows ? { codes: classes.codes, palette: packed(classes.colours) } : null;
  }, [column, isRamp, positions, classes, rows]);
  const hidden = useMemo(() => {
    if (hiddenCodes.size === 0 || !classes || classes.codes.length !== rows) return null;
    const mask = new Bitmask(rows);
    for (let row = 0; row < rows; row++)
      if (hiddenCodes.has(classes.codes[row])) mask.words[row >>> 5] |= 1 << (row & 31);
    return mask;
  }, [hiddenCodes, classes, rows]);
  const entries = useMemo((): LegendEntry[] => {
    if (!classes || !column) return [];
    const found = new Map(
      (counts?.values ?? []).map(({ value, count }) => [value === null ? null : String(value), count]),
    );
    if (counts && counts.nulls > 0) found.set(null, counts.nulls);
    return classes.values
      .map((value, code) => ({
        code,
        value,
        name: code === SHARED ? `${classText(column, value)} and others` : classText(column, value),
        colour: classes.colours[code],
        count: found.get(value) ?? (counts && counts.other > 0 ? null : 0),
        isHidden: hiddenCodes.has(code),
      }))
      .filter(({ value, count }) => value !== null || count !== 0)
      .sort((a, b) => (b.count ?? 0) - (a.count ?? 0));
  }, [classes, column, counts, hiddenCodes]);
  const hiddenSql = useMemo(() => {
    if (!classes || !column || hiddenCodes.size === 0) return null;
    return hiddenCondition(column.name, classes.values, hiddenCodes);
  }, [classes, column, hiddenCodes]);
  return {
    colours,
    entries,
    ramp: column && isRamp && positions ? { column: column.name, min: positions.min, max: positions.max } : null,
    hidden,
    hiddenSql,
    choices: columns
      .filter(
        (one) =>
          isLabel(one) || isNumber(one) || isBoolean(one) || isTime(one) || (isText(one) && one.role.kind === "plain"),
      )
      .map((one) => one.name),
    toggle: (code) =>
      setHidden((now) => {
        const next = new Set(now);
        if (!next.delete(code)) next.add(code);
        return next;
      }),
    solo: (code) =>
      setHidden((now) => {
        const others = (classes?.values ?? []).map((_, other) => other).filter((other) => other !== code);
        const isAlready = others.length === now.size && !now.has(code);
        return isAlready ? new Set() : new Set(others);
      }),
  };
}

/** Rows that are not hidden, by the classes that are or by those that are not: whichever are fewer. */
export function hiddenCondition(
  column: string,
  values: readonly (string | null)[],
  hidden: ReadonlySet<number>,
): string | null {
  const name = quoteName(column);
  const isMost = hidden.size > values.length / 2;
  const named = values.filter((_, code) => hidden.has(code) !== isMost);
  const texts = named.filter((value) => value !== null).map(quoteText);
  const isIn = texts.length > 0 ? `CAST(${name} AS VARCHAR) IN (${texts.join(", ")})` : null;
  const hasNull = named.includes(null);
  if (isMost) return [isIn, hasNull ? `${name} IS NULL` : null].filter((part) => part !== null).join(" OR ") || "FALSE";
  const parts = [isIn && `(${isIn}) IS NOT TRUE`, hasNull ? `${name} IS NOT NULL` : null];
  return parts.filter((part) => part !== null).join(" AND ") || null;
}

/** The last code of a value; past what a code can say, values share it. */
const SHARED = 65533;

/** Codes in the order of the classes, so that a colour is the class's and not the wire's. */
function classCodes(column: TableColumn, whole: Column, order: (value: string) => number) {
  const length =
    whole.kind === "codes" ? whole.codes.length : whole.kind === "number" ? whole.values.length : whole.length;
  const codes = new Uint16Array(length);
  const values: (string | null)[] = [];
  const colours: string[] = [];
  const codeOf = new Map<string, number>();
  const code = (value: string): number => {
    let found = codeOf.get(value);
    if (found === undefined) {
      found = Math.min(values.length, SHARED);
      if (found === values.length) {
        const place = order(value);
        values.push(value);
        colours.push(categoryColour(place >= 0 ? place : found, classColour(column, value)));
      }
      codeOf.set(value, found);
    }
    return found;
  };
  if (whole.kind === "codes") {
    const map = whole.dictionary.map(code);
    const none = whole.dictionary.length;
    for (let row = 0; row < length; row++) codes[row] = whole.codes[row] === none ? 65534 : map[whole.codes[row]];
  } else if (whole.kind === "number") {
    for (let row = 0; row < length; row++) {
      const isNull = whole.valid !== null && !whole.valid.get(row);
      codes[row] = isNull
        ? 65534
        : code(whole.is === "boolean" ? (whole.values[row] ? "true" : "false") : String(whole.values[row]));
    }
  } else {
    for (let row = 0; row < length; row++) {
      const value = whole.at(row);
      codes[row] = value === null || value === undefined ? 65534 : code(String(value));
    }
  }
  const none = values.length;
  for (let row = 0; row < length; row++) if (codes[row] === 65534) codes[row] = none;
  return { codes, values: [...values, null], colours: [...colours, NULL_COLOUR] };
}
