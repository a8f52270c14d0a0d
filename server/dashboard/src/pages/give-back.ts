/** Edits that undo changes of a draft, or settle its conflicts: plain edits of the draft, each with its undo. */
import type { Conflict, DiffRow, Edit } from "../api/contract";

/** The reverse of changes. A deleted row has nothing left to insert it from here: undo brings it back. */
export function reversed(rows: readonly DiffRow[]): { edits: Edit[]; left: DiffRow[] } {
  const edits: Edit[] = [];
  const left: DiffRow[] = [];
  for (const { table, key, column, change, before, ...rest } of rows) {
    if (change === "set" && key && column) edits.push({ kind: "set", table, keys: [key], cells: { [column]: before } });
    else if (change === "inserted" && key) edits.push({ kind: "delete", table, keys: [key] });
    else if (change === "column-added" && column) edits.push({ kind: "drop-column", table, column });
    else left.push({ table, key, column, change, before, ...rest });
  }
  return { edits, left };
}

/** Sets the cells in conflict to what the other side has. */
export function takingTheirs(conflicts: readonly Conflict[]): Edit[] {
  return conflicts.flatMap(({ table, key, column, theirs }): Edit[] =>
    table && key && column ? [{ kind: "set", table, keys: [key], cells: { [column]: theirs } }] : [],
  );
}
