/** The area that a table such as COCO's keeps beside each box: it follows the box where it was the box's own. */
import type { Cell, Row, TableColumn } from "../api/contract";
import { rowsOptions } from "../api/queries";
import { areaOf } from "../core/box";
import { quoteName, quoteText } from "../core/sql-text";
import { type BoxSource, isNumber } from "./columns";
import type { Workspace } from "./context";
import { byKey } from "./row-key";

export const areaColumn = ({ table }: BoxSource): TableColumn | null =>
  table.columns.find(
    (column) => column.name === "area" && column.editable && column.role.kind === "plain" && isNumber(column),
  ) ?? null;

/** The area of this box as a cell of its row; none where the table keeps no areas. */
export function areaCells(source: BoxSource, box: readonly number[]): Record<string, Cell> {
  const column = areaColumn(source);
  if (!column) return {};
  const area = areaOf(source.form, box);
  return { [column.name]: /int/i.test(column.type) ? Math.round(area) : area };
}

/** Whether the row's area is that of its box: that of an outline or a mask is somebody else's to say. */
export function isOwnArea(source: BoxSource, row: Row): boolean {
  const column = areaColumn(source);
  const [area, box] = [row[column?.name ?? ""], row[source.box.name]];
  if (!column || typeof area !== "number" || !Array.isArray(box)) return false;
  const own = areaOf(source.form, box as number[]);
  return Math.abs(area - own) <= (/int/i.test(column.type) ? 0.5 : own * 1e-4);
}

/** Which of the boxes with these keys have an area that follows them. */
export async function followedKeys(
  { at, version, client }: Pick<Workspace, "at" | "version" | "client">,
  source: BoxSource,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (!areaColumn(source) || keys.length === 0) return new Set();
  const { key } = source.table;
  const wanted =
    keys.length === 1 || key === null || key === undefined
      ? keys.map((one) => byKey(source.table, one))
      : [
          {
            where: `CAST(${quoteName(key)} AS VARCHAR) IN (${keys.map(quoteText).join(", ")})`,
            offset: 0,
            limit: keys.length,
          },
        ];
  const boxesAt = { dataset: at.dataset, ref: at.ref, table: source.table.name };
  const pages = await Promise.all(wanted.map((one) => client.fetchQuery(rowsOptions(boxesAt, version, one))));
  const rows = pages.flatMap((page) => page.rows as Row[]);
  return new Set(rows.filter((row) => isOwnArea(source, row)).map(({ _key }) => _key));
}
