import { beforeEach, expect, test } from "vitest";
import { edited, seen, useVersions, versionOf } from "./versions";

const of = (column: string) => versionOf(useVersions.getState(), column);

beforeEach(() => useVersions.setState({ etag: "a", all: 0, columns: {} }));

test("a cell that was set makes only its own column old", () => {
  const x = of("x");
  edited([{ kind: "set", table: "t", keys: ["1"], cells: { label: "cat" } }], "b");
  expect(of("x")).toBe(x);
  expect(of("label")).not.toBe("0.0");
  seen("b");
  expect(of("x")).toBe(x);
});

test("a row that was deleted, or an edit made elsewhere, makes all columns old", () => {
  const before = of("x");
  edited([{ kind: "delete", table: "t", keys: ["1"] }], "b");
  const after = of("x");
  expect(after).not.toBe(before);
  seen("c");
  expect(of("x")).not.toBe(after);
});
