import { expect, test } from "vitest";
import type { DiffRow } from "../api/contract";
import { reversed, takingTheirs } from "./give-back";

const row = (more: Partial<DiffRow>): DiffRow => ({
  table: "t",
  path: "t.csv",
  key: "1",
  column: "label",
  change: "set",
  before: "cat",
  after: "dog",
  ...more,
});

test("a set cell gets its old value, an inserted row goes, a deleted one is inserted as it was", () => {
  const deleted = row({ change: "deleted", column: null, before: { id: 3, label: "owl" }, after: null });
  const untold = row({ change: "deleted", column: null, before: null });
  expect(reversed([row({}), row({ change: "inserted", column: null, key: "9" }), deleted, untold])).toEqual({
    edits: [
      { kind: "set", table: "t", keys: ["1"], cells: { label: "cat" } },
      { kind: "delete", table: "t", keys: ["9"] },
      { kind: "insert", table: "t", cells: { id: 3, label: "owl" } },
    ],
    left: [untold],
  });
});

test("their side of a conflict is set; a conflict of a file is not settled by cells", () => {
  const conflict = {
    path: "t.csv",
    table: "t",
    key: "1",
    column: "label",
    base: "a",
    ours: "b",
    theirs: "c",
    why: "both",
  };
  expect(takingTheirs([conflict, { ...conflict, table: null }])).toEqual([
    { kind: "set", table: "t", keys: ["1"], cells: { label: "c" } },
  ]);
});
