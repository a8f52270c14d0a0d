import { expect, test } from "vitest";
import type { Row, Table, TableColumn } from "../api/contract";
import { acceptEdits } from "./box-acceptance";
import { areaCells, isOwnArea } from "./box-area";
import type { ShownBox } from "./boxes";
import { type BoxSource, boxSource } from "./columns";

const column = (name: string, type: string, role: TableColumn["role"] = { kind: "plain" }): TableColumn => ({
  name,
  type,
  role,
  nullable: false,
  editable: true,
});

function source(area: TableColumn | null): BoxSource {
  const columns = [
    column("file", "Utf8", { kind: "image" }),
    column("bbox", "List(Float64)", { kind: "box-xywh" }),
    ...(area ? [area] : []),
  ];
  const about = {
    name: "boxes",
    format: "test",
    why: "",
    rows: 1,
    files: 1,
    broken_files: 0,
    is_main: true,
    key: "id",
  };
  const table = { ...about, columns } as Table;
  return boxSource([table], table) as BoxSource;
}

const kept = source(column("area", "Float64"));
const row = (bbox: number[], area: number | null) => ({ _key: "1", _row: 0, bbox, area }) as unknown as Row;

test("an area is kept where the table has a plain number of that name", () => {
  expect(areaCells(kept, [1, 2, 10.5, 4.25])).toEqual({ area: 44.625 });
  expect(areaCells(source(column("area", "Int64")), [1, 2, 10.5, 4.25])).toEqual({ area: 45 });
  expect(areaCells(source(column("area", "Utf8")), [1, 2, 3, 4])).toEqual({});
  expect(areaCells(source({ ...column("area", "Float64"), editable: false }), [1, 2, 3, 4])).toEqual({});
  expect(areaCells(source(null), [1, 2, 3, 4])).toEqual({});
});

test("the area of an outline is not the box's own", () => {
  expect(isOwnArea(kept, row([1, 2, 10, 4], 40))).toBe(true);
  expect(isOwnArea(kept, row([1, 2, 10, 4], 31))).toBe(false);
  expect(isOwnArea(kept, row([1, 2, 10, 4], null))).toBe(false);
});

test("an accepted box has its area where it is new, or where the true one's followed it", () => {
  const box = { x: 1, y: 2, width: 5, height: 6 };
  const shown = (key: string) => ({ key, box, label: null }) as ShownBox;
  const accepted = ["own", "outline", null].map((key) => ({ guess: shown("g"), truth: key ? shown(key) : null }));
  const edits = acceptEdits(kept, { width: 100, height: 100 }, accepted, { file: "a.png" }, new Set(["own"]));
  expect(edits.map((edit) => "cells" in edit && edit.cells)).toEqual([
    { bbox: [1, 2, 5, 6], area: 30 },
    { bbox: [1, 2, 5, 6] },
    { bbox: [1, 2, 5, 6], area: 30, file: "a.png" },
  ]);
});
