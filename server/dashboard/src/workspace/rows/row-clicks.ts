/** The same verbs for rows everywhere: click focuses, Ctrl toggles, Shift takes the range, Alt takes away. */
import { useRef } from "react";
import type { Row } from "../../api/contract";
import { rowsOptions } from "../../api/queries";
import { say } from "../../parts/toasts";
import { useWorkspace } from "../context";
import { focusRow } from "../focus";
import { byKeys, useSelection } from "../selection";
import type { RowPages } from "./row-pages";

interface Keys {
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** A range larger than this is a filter, not a range. */
const RANGE_MAX = 10_000;

export function useRowClicks(pages: RowPages) {
  const { table, at, version, where, order, client } = useWorkspace();
  const anchor = useRef<number | null>(null);

  const select = (rows: readonly Row[], verb: "replace" | "add" | "subtract" | "toggle") => {
    const chosen = rows.map(({ _row, _key }) => ({ row: _row, key: _key }));
    useSelection.setState(byKeys(useSelection.getState(), verb, chosen, table.rows), true);
  };

  const range = async (from: number, to: number): Promise<Row[]> => {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    const loaded = Array.from({ length: last - first + 1 }, (_, i) => pages.at(first + i));
    if (loaded.every((row) => row !== undefined)) return loaded;
    const page = await client.fetchQuery(
      rowsOptions(at, version, { where, order: order || undefined, offset: first, limit: last - first + 1 }),
    );
    return page.rows as Row[];
  };

  return async (position: number, row: Row, keys: Keys) => {
    if (keys.altKey) select([row], "subtract");
    else if (keys.ctrlKey || keys.metaKey) select([row], "toggle");
    else if (keys.shiftKey && anchor.current !== null) {
      if (Math.abs(position - anchor.current) >= RANGE_MAX)
        return say(`A range takes up to ${RANGE_MAX.toLocaleString("en-US")} rows; filter, then select all`);
      select(await range(anchor.current, position), "add");
    } else focusRow(row._key, row._row, position);
    if (!keys.shiftKey) anchor.current = position;
  };
}
