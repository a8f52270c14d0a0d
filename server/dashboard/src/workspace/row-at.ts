/** A row by its place in the unfiltered table, which is all that a plot knows of it. */
import type { Row } from "../api/contract";
import { rowsOptions } from "../api/queries";
import type { Workspace } from "./context";
import { readable } from "./page-columns";

export function rowAtOptions({ at, version, columns }: Pick<Workspace, "at" | "version" | "columns">, row: number) {
  return rowsOptions(at, version, { columns: readable(columns), offset: row, limit: 1 });
}

export async function rowAt(workspace: Workspace, row: number): Promise<Row | null> {
  const page = await workspace.client.fetchQuery(rowAtOptions(workspace, row));
  return (page.rows[0] as Row | undefined) ?? null;
}
