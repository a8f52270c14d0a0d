/** The selected rows with some of their cells, or the focused one where none is selected. */
import { body, service } from "../api/client";
import type { Row } from "../api/contract";
import { joinQuery } from "../api/urls";
import type { Workspace } from "./context";
import { useFocus } from "./focus";
import { columnsText } from "./page-columns";
import { rowAt } from "./row-at";
import { useSelection } from "./selection";

/** Rows read at once when a condition has to be turned into rows. */
const PAGE = 10_000;
/** So many clicked rows are asked for one by one; with more, the whole table is read. */
const ONE_BY_ONE_MAX = 200;

export async function selectedRows(workspace: Workspace, columns: readonly string[]): Promise<Row[]> {
  const { mask, where, clicked } = useSelection.getState();
  const places = mask === null ? [useFocus.getState().row] : [...clicked.keys()];
  if (mask === null || (where === null && clicked.size <= ONE_BY_ONE_MAX)) {
    const rows = await Promise.all(places.filter((row) => row !== null).map((row) => rowAt(workspace, row)));
    return rows.filter((row) => row !== null);
  }
  const rows = await readRows(workspace, clicked.size > 0 || where === null ? "TRUE" : where, columns);
  return rows.filter(({ _row }) => mask.get(_row));
}

/** All rows where a condition holds, with some of their cells. */
export async function readRows(
  { at, table }: Workspace,
  where: string,
  columns: readonly string[] = table.columns.slice(0, 1).map(({ name }) => name),
): Promise<Row[]> {
  const found: Row[] = [];
  const path = { dataset: at.dataset, ref: at.ref, table: at.table };
  for (let offset = 0; ; offset += PAGE) {
    const query = { where, offset, limit: PAGE, columns: columnsText(columns), ...joinQuery(at) };
    const page = body(
      await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/rows", { params: { path, query } }),
    );
    found.push(...(page.rows as Row[]));
    if (page.rows.length === 0 || found.length >= page.matched) return found;
  }
}
