import { expect, test } from "vitest";
import { csvHead, csvLine } from "./csv";

test("commas, quotes and lines stay in their cell, and null is empty", () => {
  const row = { _key: "1", _row: 0, a: 'say "hi", now', b: null, c: [1, 2], d: -1.5 };
  expect(csvHead(["a", "b,c"])).toBe('a,"b,c"\r\n');
  expect(csvLine(row, ["a", "b", "c", "d", "gone"])).toBe('"say ""hi"", now",,"[1,2]",-1.5,\r\n');
});

test("a text that a spreadsheet would run is kept a text", () => {
  expect(csvLine({ _key: "1", _row: 0, a: "=1+1", b: "-x", c: "-1" }, ["a", "b", "c"])).toBe("'=1+1,'-x,-1\r\n");
});
