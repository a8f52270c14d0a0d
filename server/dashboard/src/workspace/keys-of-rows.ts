/** The keys of rows that are known by their places in the table: neighbours are asked for together. */
import { fetchColumn } from "../api/client";
import type { Row } from "../api/contract";
import { rowsOptions } from "../api/queries";
import { cellText } from "../core/column";
import type { Workspace } from "./context";
import { columnsText } from "./page-columns";

const PAGE = 1000;

/** The keys of all rows, by `_row`. */
export async function allKeys(workspace: Workspace, rows: number): Promise<string[]> {
  const { table, at } = workspace;
  if (!table.key) return keysOfRows(workspace, [...Array(rows).keys()]);
  const column = await fetchColumn(at, table.key);
  return Array.from({ length: rows }, (_, row) => cellText(column, row));
}

export async function keysOfRows(
  { at, version, table, client }: Workspace,
  rows: readonly number[],
): Promise<string[]> {
  const columns = columnsText(table.columns.slice(0, 1).map(({ name }) => name));
  const pages = new Map<number, Promise<string[]>>();
  const pageOf = (number: number) => {
    const known = pages.get(number);
    if (known) return known;
    const asked = client
      .fetchQuery(rowsOptions(at, version, { columns, offset: number * PAGE, limit: PAGE }))
      .then((page) => (page.rows as Row[]).map(({ _key }) => _key));
    pages.set(number, asked);
    return asked;
  };
  const keys = await Promise.all(rows.map(async (row) => (await pageOf(Math.floor(row / PAGE)))[row % PAGE]));
  return keys.filter((key) => key !== undefined);
}
