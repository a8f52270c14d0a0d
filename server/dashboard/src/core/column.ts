/**
 * A column of all rows as typed arrays, in table order: row `i` is `_row` `i`, the only join key of the page.
 *
 * Decoding Arrow happens here and nowhere else.
 */
import { type Column as ArrowColumn, type Batch, type Table, Type, tableFromIPC } from "@uwdata/flechette";
import { Bitmask } from "./bitmask";

export type Numbers =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** Numbers, times (milliseconds since 1970) and booleans (0, 1). `valid` is null where no cell is null. */
export interface NumberColumn {
  kind: "number";
  values: Numbers;
  valid: Bitmask | null;
  is: "number" | "time" | "boolean";
}

/** Text by code. A null has the code `dictionary.length`. */
export interface CodeColumn {
  kind: "codes";
  codes: Uint16Array | Uint32Array;
  dictionary: string[];
}

/** Anything else, decoded cell by cell when it is asked for. */
export interface CellColumn {
  kind: "cells";
  length: number;
  at(row: number): unknown;
}

export type Column = NumberColumn | CodeColumn | CellColumn;

/** A coordinate over [min, max] as 16 bits: what a plot needs, at a quarter of the bytes. */
export interface Positions {
  values: Uint16Array;
  min: number;
  max: number;
  valid: Bitmask | null;
}

export function readTable(bytes: Uint8Array): Table {
  return tableFromIPC(bytes, { useProxy: false });
}

export function readColumn(bytes: Uint8Array, name?: string): Column {
  const table = readTable(bytes);
  const column = name && table.names.includes(name) ? table.getChild(name) : table.getChildAt(0);
  return fromArrow(column as ArrowColumn<unknown>);
}

/** Reads a column asked for with `as=u16`; the bounds are metadata of its field or of the schema. */
export function readPositions(bytes: Uint8Array): Positions {
  const table = readTable(bytes);
  const column = table.getChildAt(0) as ArrowColumn<unknown>;
  const field = table.schema.fields[0];
  const told = (key: string) => Number(field.metadata?.get(key) ?? table.schema.metadata?.get(key) ?? Number.NaN);
  const values = flat(column, Uint16Array) as Uint16Array;
  const [min, max] = [told("min"), told("max")];
  return {
    values,
    min: Number.isFinite(min) ? min : 0,
    max: Number.isFinite(max) ? max : 1,
    valid: validity(column),
  };
}

/** Vectors as places along their principal axes, and which part of all variance lies along each. */
export interface Reduced {
  /** By name: `x`, `y`, `z`. */
  axes: [string, NumberColumn][];
  shares: number[];
}

export function readReduced(bytes: Uint8Array): Reduced {
  const table = readTable(bytes);
  const axes = table.names.map((name): [string, NumberColumn] => {
    const axis = fromArrow(table.getChild(name) as ArrowColumn<unknown>);
    if (axis.kind !== "number") throw new Error(`the axis ${name} has no numbers`);
    return [name, axis];
  });
  return { axes, shares: JSON.parse(table.schema.metadata?.get("shares") ?? "[]") as number[] };
}

/** Makes positions of a number column: for a service or a column that has none of its own. */
export function toPositions(column: NumberColumn): Positions {
  const { values } = column;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value) || (column.valid && !column.valid.get(i))) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (min > max) [min, max] = [0, 1];
  const scale = max > min ? 65535 / (max - min) : 0;
  const valid = new Bitmask(values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value) || (column.valid && !column.valid.get(i))) continue;
    valid.set(i);
    out[i] = Math.round((value - min) * scale);
  }
  return { values: out, min, max, valid };
}

export function fromArrow(column: ArrowColumn<unknown>): Column {
  switch (column.type.typeId) {
    case Type.Dictionary:
      return codesOf(column);
    case Type.Utf8:
    case Type.LargeUtf8:
      return { kind: "cells", length: column.length, at: (row) => column.at(row) };
    case Type.Int:
    case Type.Float:
    case Type.Decimal:
      return { kind: "number", values: numbers(column), valid: validity(column), is: "number" };
    case Type.Bool:
      return { kind: "number", values: numbers(column), valid: validity(column), is: "boolean" };
    case Type.Date:
    case Type.Timestamp:
      return { kind: "number", values: numbers(column), valid: validity(column), is: "time" };
    default:
      return { kind: "cells", length: column.length, at: (row) => column.at(row) };
  }
}

function codesOf(column: ArrowColumn<unknown>): CodeColumn {
  const dictionary: string[] = [];
  const codeOf = new Map<string, number>();
  const valid = validity(column);
  const wide = new Uint32Array(column.length);
  let at = 0;
  for (const batch of column.data) {
    // A dictionary batch holds indexes in `values` and what they mean in `dictionary`.
    const meaning = (batch as unknown as { dictionary: ArrowColumn<unknown> }).dictionary;
    const remap = new Uint32Array(meaning.length);
    for (let i = 0; i < meaning.length; i++) {
      const text = String(meaning.at(i));
      let code = codeOf.get(text);
      if (code === undefined) {
        code = dictionary.length;
        dictionary.push(text);
        codeOf.set(text, code);
      }
      remap[i] = code;
    }
    const indexes = batch.values as Int32Array;
    for (let i = 0; i < batch.length; i++) wide[at + i] = remap[Number(indexes[i])];
    at += batch.length;
  }
  const none = dictionary.length;
  if (valid) for (let i = 0; i < wide.length; i++) if (!valid.get(i)) wide[i] = none;
  return { kind: "codes", codes: none < 65535 ? Uint16Array.from(wide) : wide, dictionary };
}

function numbers(column: ArrowColumn<unknown>): Numbers {
  const only = column.data.length === 1 ? column.data[0] : null;
  const values = only?.values;
  const isDirect = column.type.typeId === Type.Int || (column.type.typeId === Type.Float && !isHalf(only));
  if (isDirect && values && !(values instanceof BigInt64Array) && !(values instanceof BigUint64Array)) {
    return (values as Numbers).subarray(0, column.length) as Numbers;
  }
  const out = new Float64Array(column.length);
  let at = 0;
  for (const batch of column.data) {
    for (let i = 0; i < batch.length; i++, at++) {
      out[at] = isThere(batch, i) ? Number(batch.value(i)) : Number.NaN;
    }
  }
  return out;
}

// A batch without nulls has no validity bits at all.
const isThere = (batch: Batch<unknown>, i: number) => batch.nullCount === 0 || batch.isValid(i);

const isHalf = (batch: Batch<unknown> | null) => batch?.values instanceof Uint16Array;

function flat(column: ArrowColumn<unknown>, Kind: Uint16ArrayConstructor): Uint16Array {
  if (column.data.length === 1) return (column.data[0].values as Uint16Array).subarray(0, column.length);
  const out = new Kind(column.length);
  let at = 0;
  for (const batch of column.data) {
    out.set((batch.values as Uint16Array).subarray(0, batch.length), at);
    at += batch.length;
  }
  return out;
}

function validity(column: ArrowColumn<unknown>): Bitmask | null {
  if (column.nullCount === 0) return null;
  if (column.data.length === 1) return Bitmask.fromBytes(column.data[0].validity, column.length);
  const valid = new Bitmask(column.length);
  let at = 0;
  for (const batch of column.data) {
    for (let i = 0; i < batch.length; i++, at++) if (isThere(batch, i)) valid.set(at);
  }
  return valid;
}

/** The cell as a person reads it: null, NaN and the infinities are said, not hidden. */
export function cellText(column: Column, row: number): string {
  if (column.kind === "codes") return column.dictionary[column.codes[row]] ?? "null";
  if (column.kind === "cells") return String(column.at(row) ?? "null");
  if (column.valid && !column.valid.get(row)) return "null";
  const value = column.values[row];
  if (column.is === "boolean") return value ? "true" : "false";
  if (column.is === "time") return new Date(value).toISOString();
  return String(value);
}

/** Gives a row's cell as a class is told by it; null where there is none. */
export function textsOf(column: Column): (row: number) => string | null {
  if (column.kind === "codes") return (row) => column.dictionary[column.codes[row]] ?? null;
  if (column.kind === "number")
    return (row) => (column.valid && !column.valid.get(row) ? null : String(column.values[row]));
  return (row) => {
    const value = column.at(row);
    return value === null || value === undefined ? null : String(value);
  };
}

/** A cell of lists and rows as JSON has it: what Arrow makes of them is its own. */
export const plainCell = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (_, one) => listed(one)));
const listed = (one: unknown) => (ArrayBuffer.isView(one) ? [...(one as unknown as Iterable<number>)] : one);
