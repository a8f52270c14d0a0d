/** A filter that names rows. */
import { count } from "../parts/amounts";
import { say } from "../parts/toasts";
import { addClause, type Workspace } from "./context";

/** A link names no more rows than these. */
const KEYS_MAX = 500;

/** Shows the first of these rows, and says so where there are more; `which` is what they are: `worst`, `edited`. */
export function showKeys(
  { table, filter }: Pick<Workspace, "table" | "filter">,
  keys: readonly string[],
  which: string,
) {
  if (!table.key || keys.length === 0) return;
  const named = keys.slice(0, KEYS_MAX);
  addClause(filter, { condition: { kind: "keys", column: table.key, keys: named } });
  if (named.length < keys.length) say(`The first ${count(named.length)} of ${count(keys.length)} ${which} rows`);
}

/** Of rows that are named later, those that a filter can name. */
export const nameable = <T>(rows: readonly T[]): readonly T[] => rows.slice(0, KEYS_MAX);
