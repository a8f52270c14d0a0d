/** The boxes of rows that are on the screen, asked in one question for all of them. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import type { Cell, Row } from "../api/contract";
import { rowsOptions } from "../api/queries";
import { type Box, fromCell } from "../core/box";
import { quoteName, quoteText } from "../core/sql-text";
import { categoryColour } from "../render/palette";
import { type BoxSource, boxSource, classColour } from "./columns";
import { useWorkspace } from "./context";

export interface ShownBox {
  /** The key of the row that holds the box, in the table of the boxes. */
  key: string;
  row: Row;
  box: Box;
  label: Cell;
  colour: string;
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
  const values = source
    ? [...new Set(rows.map((row) => row[source.of]).filter((value) => value !== null && value !== undefined))]
        .map(String)
        .sort()
    : [];
  const where = source && values.length > 0 ? linkSql(source, values) : undefined;
  const boxesAt = { dataset: at.dataset, ref: at.ref, table: source?.table.name ?? "" };
  const asked = useQuery({
    ...rowsOptions(boxesAt, version, { where, offset: 0, limit: BOXES_MAX }),
    enabled: where !== undefined,
    placeholderData: keepPreviousData,
  });
  const byValue = useMemo(
    () => Map.groupBy((asked.data?.rows ?? []) as Row[], (row) => String(source ? row[source.link] : "")),
    [asked.data, source],
  );
  return useCallback(
    (row: Row) => (source ? shownBoxes(source, byValue.get(String(row[source.of])) ?? [], sizeOf(row)) : NONE),
    [source, byValue],
  );
}

const NONE: readonly ShownBox[] = [];

function linkSql({ link }: BoxSource, values: readonly string[]): string {
  return `CAST(${quoteName(link)} AS VARCHAR) IN (${values.map(quoteText).join(", ")})`;
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
    const place = source.label?.role.classes?.findIndex(([value]) => value === String(label)) ?? -1;
    const own = source.label ? classColour(source.label, String(label)) : null;
    return [{ key: row._key, row, box, label, colour: categoryColour(Math.max(0, place), own), image }];
  });
}
