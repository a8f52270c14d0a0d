/** Edits that undo changes of a draft, or settle its conflicts: plain edits of the draft, each with its undo. */
import type { Conflict, DiffRow, Edit } from "../api/contract";

/** The reverse of changes; what no edit brings back is left. */
export function reversed(rows: readonly DiffRow[]): { edits: Edit[]; left: DiffRow[] } {
  const left: DiffRow[] = [];
  const edits = rows.flatMap((row): Edit[] => {
    const { table, key, column, change, before } = row;
    if (change === "set" && key && column) return [{ kind: "set", table, keys: [key], cells: { [column]: before } }];
    if (change === "inserted" && key) return [{ kind: "delete", table, keys: [key] }];
    if (change === "column-added" && column) return [{ kind: "drop-column", table, column }];
    // A deleted row is told whole.
    if (change === "deleted" && typeof before === "object" && before !== null && !Array.isArray(before)) {
      return [{ kind: "insert", table, cells: before }];
    }
    left.push(row);
    return [];
  });
  return { edits, left };
}

/** Sets the cells in conflict to what the other side has. */
export function takingTheirs(conflicts: readonly Conflict[]): Edit[] {
  return conflicts.flatMap(({ table, key, column, theirs }): Edit[] =>
    table && key && column ? [{ kind: "set", table, keys: [key], cells: { [column]: theirs } }] : [],
  );
}
