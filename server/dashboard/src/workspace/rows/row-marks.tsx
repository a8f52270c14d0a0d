/** Columns of the page's own beside the selection: which rows are edited in the draft, and which were looked at. */
import { Eye, Pencil } from "lucide-react";
import { counted } from "../../parts/amounts";
import { useWorkspace } from "../context";
import { type EditedCells, useEditedCells } from "../edited-cells";
import { showKeys } from "../show-keys";
import { useVisited } from "../visited";

export const MARK_PX = 28;
/** How many columns of marks there are. */
export const MARKS = 2;

export function MarkHeads() {
  const workspace = useWorkspace();
  const edited = useEditedCells().keys;
  const visited = useVisited((state) => state.keys);
  const heads = [
    { which: "edited", Icon: Pencil, keys: edited },
    // The last visited first: of many, these are meant.
    { which: "visited", Icon: Eye, keys: [...visited].reverse() },
  ];
  return heads.map(({ which, Icon, keys }) => (
    <div key={which} role="columnheader" className="cell-head" style={{ width: MARK_PX }}>
      <button
        type="button"
        tabIndex={-1}
        className="head-button is-mark"
        disabled={!workspace.table.key || keys.length === 0}
        title={
          workspace.table.key
            ? `${counted(keys.length, "row")} ${which}${keys.length > 0 ? ". Click shows them alone" : ""}`
            : `Rows that were ${which}; without a key they cannot be shown alone`
        }
        aria-label={which}
        onClick={() => showKeys(workspace, keys, which)}
      >
        <Icon size={13} aria-hidden />
      </button>
    </div>
  ));
}

export function MarkCells({ row, edited }: { row: string; edited: EditedCells }) {
  const isVisited = useVisited((state) => state.keys.has(row));
  const isEdited = edited.hasRow(row);
  return (
    <>
      <div role="gridcell" className="cell is-mark" style={{ width: MARK_PX }}>
        {isEdited && <Pencil size={13} role="img" aria-label="edited" />}
      </div>
      <div role="gridcell" className="cell is-mark quiet" style={{ width: MARK_PX }}>
        {isVisited && <Eye size={13} role="img" aria-label="visited" />}
      </div>
    </>
  );
}
