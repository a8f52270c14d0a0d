import { expect, test } from "vitest";
import type { Role, Run, Table } from "../api/contract";
import { boxSource, classText, classValue, openingPlots, runColumns, withBoxClasses, writtenIn } from "./columns";
import { plotId, plotsOf, plotsText } from "./plot-spec";

const column = (name: string, type: string, role: Role = { kind: "plain" }) => ({
  name,
  type,
  role,
  nullable: false,
  editable: true,
});
const table = (name: string, columns: Table["columns"], key: string | null = null): Table => ({
  name,
  format: "test",
  why: "a test says so",
  rows: 10,
  files: 1,
  broken_files: 0,
  is_main: true,
  key,
  columns,
});

const images = table(
  "images",
  [column("id", "Int64", { kind: "key" }), column("file_name", "Utf8", { kind: "image" })],
  "id",
);
const annotations = table("annotations", [
  column("image_id", "Int64", { kind: "reference", table: "images" }),
  column("category_id", "Int64", {
    kind: "label",
    classes: [
      ["1", "cat"],
      ["2", "dog", "#ff0000"],
    ],
  }),
  column("bbox", "List(Float64)", { kind: "box-xywh" }),
]);

test("the boxes of a COCO image are rows of another table, joined by its key", () => {
  expect(boxSource([images, annotations], images)).toMatchObject({ link: "image_id", of: "id", form: "box-xywh" });
});

test("a table of boxes shows all boxes of the row's image", () => {
  expect(boxSource([images, annotations], annotations)).toMatchObject({ link: "image_id", of: "image_id" });
  expect(boxSource([images], images)).toBeNull();
});

test("a class is shown by name and written by value", () => {
  const label = annotations.columns[1];
  expect([classText(label, 2), classText(label, 9), classText(label, null)]).toEqual(["dog", "9", "null"]);
  expect(classValue(label, "2")).toBe(2);
  expect(classValue(column("label", "Utf8"), "2")).toBe("2");
});

test("a dataset with a run opens with its mistakes", () => {
  const samples = table("samples", [column("label", "Utf8", { kind: "label" })]);
  const run = {
    name: "r1",
    columns: ["sample", "loss", "predicted", "x", "y"].map((name) => ({ name, type: "Float32" })),
  };
  const columns = [...samples.columns, ...runColumns(run as Run, samples)];
  expect(openingPlots(samples, columns).map(plotId)).toEqual([
    "scatter:r1.x|r1.y|",
    "confusion:label|r1.predicted",
    "histogram:r1.loss",
    "classes:label",
  ]);
});

test("plots survive a link, and what is no plot is dropped", () => {
  const plots = [
    { kind: "scatter", x: "a", y: "b" },
    { kind: "curves", runs: ["r1"] },
  ] as const;
  expect(plotsOf(plotsText(plots as never))).toEqual(plots);
  expect(plotsOf('[{"kind":"pie"},{"kind":"histogram"}]')).toEqual([]);
  expect(plotsOf(null)).toBeNull();
});

test("rows that list boxes have the classes of their boxes, in one order and with one colour", () => {
  const label = column("label", "Utf8", {
    kind: "label",
    classes: [
      ["bird", "bird"],
      ["dog", "dog"],
    ],
  });
  const samples = table("samples", [column("boxes", "List(Struct(key))"), label]);
  const [first, second] = withBoxClasses([samples, annotations]);
  expect(first.columns[1].role.classes).toEqual([
    ["cat", "cat"],
    ["dog", "dog", "#ff0000"],
    ["bird", "bird"],
  ]);
  expect(second).toBe(annotations);
  expect(withBoxClasses([images])[0]).toBe(images);
});

test("a table that only repeats another's columns says which one can be edited", () => {
  const file = table("samples.csv", [column("label", "Utf8")]);
  const label = { ...column("label", "Utf8"), editable: false };
  const samples = table("samples", [label]);
  expect(writtenIn([file, samples], samples)).toBe(file);
  expect(writtenIn([file, samples], file)).toBeNull();
  expect(writtenIn([images, samples], samples)).toBeNull();
});
