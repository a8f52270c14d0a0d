import {
  type Column as Arrow,
  bool,
  columnFromArray,
  dictionary,
  float32,
  int64,
  tableFromColumns,
  tableToIPC,
  utf8,
} from "@uwdata/flechette";
import { expect, test } from "vitest";
import { type CodeColumn, cellText, type NumberColumn, readColumn, toPositions } from "./column";

function read(column: Arrow<unknown>) {
  const bytes = tableToIPC(tableFromColumns({ it: column as never }), { format: "stream" });
  return readColumn(bytes as Uint8Array, "it");
}

test("a float column without nulls is the array of the wire", () => {
  const column = read(columnFromArray([1.5, 2.5, Number.NaN], float32()) as never) as NumberColumn;
  expect(column.values).toBeInstanceOf(Float32Array);
  expect(Array.from(column.values)).toEqual([1.5, 2.5, Number.NaN]);
  expect(column.valid).toBeNull();
});

test("null, NaN and infinity stay apart", () => {
  const column = read(columnFromArray([1, null, Number.NaN, Number.POSITIVE_INFINITY], float32()) as never);
  expect([0, 1, 2, 3].map((row) => cellText(column, row))).toEqual(["1", "null", "NaN", "Infinity"]);
});

test("64-bit integers become numbers, booleans 0 and 1", () => {
  const whole = read(columnFromArray([1, 2 ** 40], int64()) as never) as NumberColumn;
  expect(Array.from(whole.values)).toEqual([1, 2 ** 40]);
  const flags = read(columnFromArray([true, null, false], bool()) as never);
  expect([0, 1, 2].map((row) => cellText(flags, row))).toEqual(["true", "null", "false"]);
});

test("a dictionary column keeps codes, and a null has the code after the last", () => {
  const column = read(columnFromArray(["cat", null, "dog", "cat"], dictionary(utf8())) as never) as CodeColumn;
  expect(column.dictionary).toEqual(["cat", "dog"]);
  expect(Array.from(column.codes)).toEqual([0, 2, 1, 0]);
  expect(cellText(column, 1)).toBe("null");
});

test("positions span 16 bits, and what has no place is not valid", () => {
  const values = Float64Array.of(-1, 0, 3, Number.NaN);
  const places = toPositions({ kind: "number", values, valid: null, is: "number" });
  expect(Array.from(places.values.subarray(0, 3))).toEqual([0, 16384, 65535]);
  expect([places.min, places.max]).toEqual([-1, 3]);
  expect(places.valid?.rows()).toEqual([0, 1, 2]);
});
