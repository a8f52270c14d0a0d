/** The keys of rows that are known by their places in the table: neighbours are asked for together. */
import type { Row } from "../api/contract";
import { rowsOptions } from "../api/queries";
import type { Workspace } from "./context";
import { columnsText } from "./page-columns";

const PAGE = 1000;

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
