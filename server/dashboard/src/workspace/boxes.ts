/** The boxes of rows that are on the screen, asked in one question for all of them. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import type { Cell, Row, TableColumn } from "../api/contract";
import { rowsOptions } from "../api/queries";
import { type Box, fromCell, isBoxForm } from "../core/box";
import { quoteName, quoteText } from "../core/sql-text";
import { categoryColour } from "../render/palette";
import { type BoxSource, boxSource, classColour, classPlaces, classText } from "./columns";
import { useWorkspace } from "./context";

export interface ShownBox {
  /** The key of the row that holds the box, in the table of the boxes. */
  key: string;
  row: Row;
  box: Box;
  label: Cell;
  /** The class as people call it; empty where there is none. */
  name: string;
  colour: string;
  /** Of a predicted box; null where the model tells none, and of a true one. */
  confidence: number | null;
  /** The picture's size in pixels, where the data tells it; a box in shares of it needs none. */
  image: { width: number; height: number } | null;
}

/** A question names no more rows than this; boxes of a view are asked for what is on the screen. */
const BOXES_MAX = 5000;

export function useBoxSource(): BoxSource | null {
  const { tables, table } = useWorkspace();
  return useMemo(() => boxSource(tables, table), [tables, table]);
}

export function useBoxes(rows: readonly Row[]): (row: Row) => readonly ShownBox[] {
  const { at, version } = useWorkspace();
  const source = useBoxSource();
  const where = source ? linkSql(source, rows) : undefined;
  const boxesAt = { dataset: at.dataset, ref: at.ref, table: source?.table.name ?? "" };
  const asked = useQuery({
    ...rowsOptions(boxesAt, version, { where, offset: 0, limit: BOXES_MAX }),
    enabled: where !== undefined,
    placeholderData: keepPreviousData,
  });
  const byValue = useMemo(
    () => Map.groupBy((asked.data?.rows ?? []) as Row[], (row) => String(source?.link ? row[source.link] : "")),
    [asked.data, source],
  );
  return useCallback(
    (row: Row) => {
      if (!source) return NONE;
      if (source.inline) return inlineBoxes(source, row, sizeOf(row));
      return shownBoxes(source, byValue.get(String(source.of ? row[source.of] : "")) ?? [], sizeOf(row));
    },
    [source, byValue],
  );
}

const NONE: readonly ShownBox[] = [];

/** The boxes of these rows; undefined where the rows have them, or there are none to ask of. */
export function linkSql({ link, of }: BoxSource, rows: readonly Row[]): string | undefined {
  if (link === null || of === null) return undefined;
  const values = new Set(rows.map((row) => row[of]).filter((value) => value !== null && value !== undefined));
  if (values.size === 0) return undefined;
  const texts = [...values].map(String).sort();
  return `CAST(${quoteName(link)} AS VARCHAR) IN (${texts.map(quoteText).join(", ")})`;
}

/** Width and height as the row tells them. */
export function sizeOf(row: Row): { width: number; height: number } | null {
  const number = (...names: string[]) => names.map((name) => row[name]).find((value) => typeof value === "number");
  const [width, height] = [number("width", "image_width"), number("height", "image_height")];
  return typeof width === "number" && typeof height === "number" && width > 0 && height > 0 ? { width, height } : null;
}

export function shownBoxes(
  source: BoxSource,
  rows: readonly Row[],
  size: { width: number; height: number } | null,
): ShownBox[] {
  const isShare = source.form === "box-cxcywhn";
  const image = size ?? (isShare ? { width: 1000, height: 1000 } : null);
  return rows.flatMap((row) => {
    const cell = row[source.box.name];
    if (!Array.isArray(cell)) return [];
    const box = fromCell(source.form, cell as number[], image?.width ?? 1, image?.height ?? 1);
    if (!box) return [];
    const label = source.label ? row[source.label.name] : null;
    const place = (source.label && classPlaces(source.label)?.byValue.get(String(label))) ?? -1;
    const own = source.label ? classColour(source.label, String(label)) : null;
    const name = source.label ? classText(source.label, label) : "";
    const colour = categoryColour(Math.max(0, place), own);
    return [{ key: row._key, row, box, label, name, colour, confidence: null, image }];
  });
}

/** Boxes that the row lists itself. */
export function inlineBoxes(
  source: BoxSource,
  row: Row,
  size: { width: number; height: number } | null,
): readonly ShownBox[] {
  return source.inline ? listedBoxes(source.label, row, source.inline, size) : NONE;
}

/** The boxes of a cell: `{label, box, form, key, confidence?}`, the label by its name; `of` has the classes. */
export function listedBoxes(
  of: TableColumn | null,
  row: Row,
  column: string,
  size: { width: number; height: number } | null,
): readonly ShownBox[] {
  const listed = row[column];
  if (!Array.isArray(listed)) return NONE;
  return listed.flatMap((item): ShownBox[] => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return [];
    const form = `box-${String(item.form)}`;
    const image = size ?? (form === "box-cxcywhn" ? { width: 1000, height: 1000 } : null);
    if (!Array.isArray(item.box) || !isBoxForm(form)) return [];
    const box = fromCell(form, item.box as number[], image?.width ?? 1, image?.height ?? 1);
    if (!box) return [];
    const classes = of?.role.classes ?? [];
    const known = of && classPlaces(of);
    const place = known?.byName.get(String(item.label)) ?? known?.byValue.get(String(item.label)) ?? -1;
    const label = classes[place]?.[0] ?? item.label;
    const name = of ? classText(of, label ?? null) : String(label ?? "");
    const colour = categoryColour(Math.max(0, place), of ? classColour(of, String(label)) : null);
    const confidence = typeof item.confidence === "number" ? item.confidence : null;
    return [{ key: String(item.key), row, box, label, name, colour, confidence, image }];
  });
}
