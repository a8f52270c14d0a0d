import { expect, test } from "vitest";
import { Bitmask } from "./bitmask";

test("bytes of the wire are read least significant bit first, and bits past the end are dropped", () => {
  const mask = Bitmask.fromBytes(Uint8Array.of(0b10000101, 0xff), 11);
  expect(mask.rows()).toEqual([0, 2, 7, 8, 9, 10]);
  expect(mask.count()).toBe(6);
});

test("all of a length that is no multiple of 32 counts exactly its rows", () => {
  for (const length of [0, 1, 31, 32, 33, 1_000_000]) expect(Bitmask.all(length).count()).toBe(length);
});

test("not, and, or, andNot agree with sets of rows", () => {
  const a = Bitmask.fromRows(100, [1, 50, 99]);
  const b = Bitmask.fromRows(100, [50, 60]);
  expect(a.and(b).rows()).toEqual([50]);
  expect(a.or(b).rows()).toEqual([1, 50, 60, 99]);
  expect(a.andNot(b).rows()).toEqual([1, 99]);
  expect(a.not().count()).toBe(97);
});

test("rows are given in order and only up to the limit", () => {
  const mask = Bitmask.fromRows(5000, [4999, 31, 32, 1024]);
  expect(mask.rows(3)).toEqual([31, 32, 1024]);
});

test("masks of different lengths are never mixed", () => {
  expect(() => new Bitmask(3).and(new Bitmask(4))).toThrow("masks of 3 and 4 rows");
});
