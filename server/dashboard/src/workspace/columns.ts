/** What a table's columns are for: which one is the picture, the class, the box; and which plots say something. */
import type { Cell, Run, Table, TableColumn } from "../api/contract";
import { type BoxForm, isBoxForm } from "../core/box";
import { onceFor } from "../core/once-for";
import type { PlotSpec } from "./plot-spec";

export const isNumber = ({ type }: TableColumn) => /^(u?int|float|decimal|double)/i.test(type);
export const isTime = ({ type }: TableColumn) => /^(timestamp|date)/i.test(type);
export const isBoolean = ({ type }: TableColumn) => /^bool/i.test(type);
export const isText = ({ type }: TableColumn) => /^(large_?utf8|utf8|string|dictionary)/i.test(type);

/** A label may have so many classes; the service lists no more values of a column at once. */
export const CLASSES_MAX = 10_000;

/** A column whose values are classes, by name or by number. */
export const isLabel = ({ role }: TableColumn) => role.kind === "label" || role.kind === "split";

const first = (table: Table, ...kinds: string[]) => table.columns.find(({ role }) => kinds.includes(role.kind)) ?? null;

export const imageColumn = (table: Table) => first(table, "image");
/** The class that is set by key: the one that the format tells, else a column of texts that is called so. */
export const labelColumn = (table: Table) =>
  first(table, "label") ??
  table.columns.find((column) => isText(column) && /^(label|class|category|target)$/i.test(column.name)) ??
  null;
export const weightColumn = (table: Table) => first(table, "weight");
export const embeddingColumn = (table: Table) => first(table, "embedding");
/** A column of vectors: told by the format, or lists of numbers that a run has recorded. */
export const isVector = ({ name, type, role }: TableColumn) =>
  role.kind === "embedding" ||
  (name.includes(".") && /^(fixedsize|large)?list\([^()]*(float|double)\w*[^()]*\)$/i.test(type));
export const boxColumn = (table: Table) => table.columns.find(({ role }) => isBoxForm(role.kind)) ?? null;

/** The name of a class where the column has a class map; the value itself otherwise. */
export function classText(column: TableColumn, value: Cell): string {
  if (value === null || value === undefined) return "null";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  const place = classPlaces(column)?.byValue.get(text);
  return place === undefined ? text : (column.role.classes?.[place][1] ?? text);
}

interface ClassPlaces {
  byValue: Map<string, number>;
  byName: Map<string, number>;
}

const placesOf = onceFor<ClassPlaces>();

/** Where each class stands among the column's: of ten thousand none is searched for. */
export function classPlaces({ role: { classes } }: TableColumn): ClassPlaces | null {
  if (!classes || classes.length === 0) return null;
  return placesOf.of(classes, () => {
    const known: ClassPlaces = { byValue: new Map(), byName: new Map() };
    for (const [i, [value, name]] of classes.entries()) {
      if (!known.byValue.has(value)) known.byValue.set(value, i);
      if (name !== undefined && !known.byName.has(name)) known.byName.set(name, i);
    }
    return known;
  });
}

/** What a cell of this column has to hold for a class that is told by its text. */
export function classValue(column: TableColumn, text: string): Cell {
  return isNumber(column) && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

export function classColour(column: TableColumn, value: string): string | null {
  const place = classPlaces(column)?.byValue.get(value);
  return place === undefined ? null : (column.role.classes?.[place][2] ?? null);
}

/** A run's metrics as columns of the table: `resnet18.loss`. */
export function runColumns(run: Run | null, table: Table | null): TableColumn[] {
  if (!run) return [];
  const like = table ? labelColumn(table) : null;
  return run.columns
    .filter(({ name }) => name !== "sample" && name !== "epoch" && name !== "step")
    .map(({ name, type }) => ({
      name: `${run.name}.${name}`,
      type,
      // A predicted class is one of the label's classes, and has its names and colours.
      role: name === "predicted" ? { kind: "label" as const, classes: like?.role.classes } : { kind: "plain" as const },
      nullable: true,
      editable: false,
    }));
}

/**
 * Where the boxes of a row are: rows of `table` whose `link` is the value of `of` in the shown row, or a list in the
 * row itself (`inline`), each with the key of the row of `table` that says it.
 */
export interface BoxSource {
  table: Table;
  box: TableColumn;
  /** How the table has them. */
  form: BoxForm;
  label: TableColumn | null;
  link: string | null;
  of: string | null;
  inline: string | null;
}

export function boxSource(tables: readonly Table[], shown: Table): BoxSource | null {
  const made = (table: Table, link: string | undefined, of: string | undefined, inline?: string): BoxSource | null => {
    const box = boxColumn(table);
    if (!box || !isBoxForm(box.role.kind) || (!inline && (!link || !of))) return null;
    const by = { link: link ?? null, of: of ?? null, inline: inline ?? null };
    return { table, box, form: box.role.kind, label: labelColumn(table), ...by };
  };
  const image = imageColumn(shown)?.name;
  const own = made(shown, image ?? reference(shown)?.name, image ?? reference(shown)?.name);
  if (own) return own;
  const others = tables.filter((table) => table !== shown);
  for (const table of others) {
    const found =
      made(table, reference(table, shown)?.name, shown.key ?? undefined) ??
      made(table, imageColumn(table)?.name, image);
    if (found) return found;
  }
  const inline = shown.columns.find(({ name, type }) => name === "boxes" && /struct/i.test(type))?.name;
  if (!inline) return null;
  for (const table of others) {
    const found = made(table, undefined, undefined, inline);
    if (found) return found;
  }
  return null;
}

/**
 * The tables as given, but that rows which list boxes have the classes of their boxes, in their order and with their
 * colours: a class has one colour in the picture and beside it.
 */
export function withBoxClasses(tables: readonly Table[]): Table[] {
  return tables.map((table) => {
    const source = boxSource(tables, table);
    const label = labelColumn(table);
    const [boxed, own] = [source?.label?.role.classes ?? [], label?.role.classes ?? []];
    if (!source?.inline || !label || boxed.length === 0 || own.length === 0) return table;
    // The row tells a class by its name.
    const named = boxed.map(([value, name, ...colour]): (typeof boxed)[number] => {
      const text = name ?? value;
      return [text, text, ...colour];
    });
    const known = new Set(named.map(([text]) => text));
    const classes = [...named, ...own.filter(([value]) => !known.has(value))];
    const columns = table.columns.map((column) =>
      column === label ? { ...column, role: { ...column.role, classes } } : column,
    );
    return { ...table, columns };
  });
}

/** The table that a reference speaks of: by its name, or by the part of it that its own file knows. */
export const isNamed = ({ name }: Table, by: string | null | undefined) =>
  typeof by === "string" && (name === by || name.endsWith(`.${by}`));

const reference = (table: Table, to?: Table) =>
  table.columns.find(({ role }) => role.kind === "reference" && (to === undefined || isNamed(to, role.table))) ?? null;

/**
 * The table where the rows of this one are written, and can be edited, where this one only repeats its columns; null
 * where the shown table has columns of its own to edit, or no table says more.
 */
export function writtenIn(tables: readonly Table[], shown: Table): Table | null {
  if (shown.columns.some(({ editable }) => editable)) return null;
  const names = new Set(shown.columns.filter(({ role }) => role.kind !== "key").map(({ name }) => name));
  const isRepeated = ({ name, editable }: TableColumn) => editable && names.has(name);
  return tables.find((table) => table !== shown && table.columns.some(isRepeated)) ?? null;
}

/** The table that people mean by a dataset: of its samples, where there is one. */
export const mainTable = (tables: readonly Table[]) =>
  tables.find(({ is_main }) => is_main) ?? tables.find(({ name }) => name === "samples") ?? tables[0];

export const predictedColumn = (columns: readonly TableColumn[]) =>
  columns.find(({ name }) => name.endsWith(".predicted")) ??
  columns.find(({ name }) => /^predict(ed|ion)$/.test(name)) ??
  null;
/** A column whose cells are lists of boxes: the true ones of a picture, or those that a run has predicted. */
export const isBoxList = ({ name, type }: TableColumn) => /(^|\.)boxes$/.test(name) && /struct/i.test(type);
/** What a run has predicted of the boxes: a list in the row of the picture. */
export const predictedBoxesColumn = (columns: readonly TableColumn[]) =>
  columns.find((column) => column.name.includes(".") && isBoxList(column)) ?? null;
export const lossColumn = (columns: readonly TableColumn[]) =>
  columns.find(({ name }) => /(^|\.)loss$/.test(name)) ?? null;
export const confidenceColumn = (columns: readonly TableColumn[]) =>
  columns.find(({ name }) => /(^|\.)(confidence|conf|score)$/.test(name)) ?? null;

/** The plots that a dataset opens with: an empty chart area helps nobody. */
export function openingPlots(table: Table, columns: readonly TableColumn[]): PlotSpec[] {
  const plots: PlotSpec[] = [];
  const numbers = columns.filter((column) => isNumber(column) && !isLabel(column) && column.role.kind === "plain");
  const label = labelColumn(table);
  const [x, y, z] = ["x", "y", "z"].map(
    (axis) => numbers.find(({ name }) => name === axis || name.endsWith(`.${axis}`))?.name,
  );
  const colour = label?.name;
  if (x && y) plots.push({ kind: "scatter", x, y, colour });
  if (x && y && z) plots.push({ kind: "scatter", x, y, z, colour });
  const predicted = predictedColumn(columns);
  const loss = lossColumn(columns);
  const confidence = confidenceColumn(columns);
  if (!(x && y) && loss && confidence) plots.push({ kind: "scatter", x: confidence.name, y: loss.name, colour });
  if (label && predicted) plots.push({ kind: "confusion", actual: label.name, predicted: predicted.name });
  if (predictedBoxesColumn(columns)) plots.push({ kind: "detection" });
  if (loss) plots.push({ kind: "histogram", column: loss.name });
  if (label) plots.push({ kind: "classes", column: label.name });
  if (plots.length === 0 && numbers.length >= 2)
    plots.push({ kind: "scatter", x: numbers[0].name, y: numbers[1].name, colour });
  if (plots.length === 0 && numbers.length === 1) plots.push({ kind: "histogram", column: numbers[0].name });
  return plots.slice(0, 5);
}
