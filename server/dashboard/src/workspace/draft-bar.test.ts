import { expect, test } from "vitest";
import { changesOf } from "./draft-bar";

test("a draft's changes are told in what the service counts: rows, not cells", () => {
  const none = { rows: 0, set: 0, inserted: 0, deleted: 0, files: 0, columns: 0 };
  expect(changesOf(none)).toEqual([]);
  expect(changesOf({ ...none, rows: 7, set: 5, inserted: 1, deleted: 1, files: 2 })).toEqual([
    "5 rows changed",
    "1 row inserted",
    "1 row deleted",
    "2 files changed",
  ]);
});
