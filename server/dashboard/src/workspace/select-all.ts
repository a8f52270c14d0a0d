/** Selects every row that the filter shows: by the filter itself, not by a list. */
import { Bitmask } from "../core/bitmask";
import { say } from "../parts/toasts";
import type { Workspace } from "./context";
import { byCondition, NOTHING, useSelection } from "./selection";

export function selectAll({ where, table }: Workspace, mask: Bitmask | undefined): void {
  if (where !== undefined && mask === undefined) {
    say("The filter's rows are still on their way");
    return;
  }
  const rows = where === undefined ? Bitmask.all(table.rows) : mask;
  if (rows) useSelection.setState(byCondition(NOTHING, "replace", rows, where ?? "TRUE"), true);
}
