/** The question for one row by its key. */
import type { Table } from "../api/contract";
import type { PageWanted } from "../api/queries";
import { quoteName, quoteText } from "../core/sql-text";
import { imageColumn } from "./columns";

export function byKey(table: Table, key: string): PageWanted {
  const column = table.key ?? imageColumn(table)?.name;
  if (column) return { where: `CAST(${quoteName(column)} AS VARCHAR) = ${quoteText(key)}`, offset: 0, limit: 1 };
  // Without a key column, a row's key is its place.
  return { offset: /^\d{1,9}$/.test(key) ? Number(key) : 0, limit: 1 };
}
