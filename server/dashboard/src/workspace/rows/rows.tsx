/** The rows of the view, as a table or as pictures, and what is done to the selected ones. */
import { Grid3x3, Table2 } from "lucide-react";
import { setQuery, usePlace } from "../../app/location";
import { count } from "../../parts/amounts";
import { imageColumn } from "../columns";
import { useWorkspace } from "../context";
import { useEditedCells } from "../edited-cells";
import { selectAll } from "../select-all";
import { useSelection } from "../selection";
import { showKeys } from "../show-keys";
import { useVisited } from "../visited";
import { useFilterMask } from "../whole-columns";
import { BulkBar } from "./bulk-bar";
import { ColumnMenu } from "./column-menu";
import { RowTable } from "./row-table";
import { RowTiles } from "./row-tiles";
import { SaveRows } from "./save-rows";
import { SortMenu } from "./sort-menu";

const SIZES = [48, 64, 96, 128, 160] as const;

export function Rows() {
  const workspace = useWorkspace();
  const { query } = usePlace();
  const mask = useFilterMask().data;
  const selected = useSelection((state) => state.count);
  const edited = useEditedCells().keys;
  const visited = useVisited((state) => state.keys);
  const hasImages = imageColumn(workspace.table) !== null;
  const isGrid = hasImages && query.get("view") === "grid";
  const size = Number(query.get("size")) || (isGrid ? 128 : 48);
  return (
    <div className="rows">
      <div className="rows-bar" role="toolbar" aria-label="Rows">
        {hasImages && (
          <button
            type="button"
            className="button"
            title="Table or grid (G)"
            onClick={() => setQuery({ view: isGrid ? null : "grid" })}
          >
            {isGrid ? <Table2 size={14} aria-hidden /> : <Grid3x3 size={14} aria-hidden />} {isGrid ? "Table" : "Grid"}
          </button>
        )}
        <SortMenu />
        {!isGrid && <ColumnMenu />}
        {hasImages && (
          <select
            className="field"
            aria-label="Size of pictures"
            value={size}
            onChange={(event) => setQuery({ size: event.target.value }, true)}
          >
            {SIZES.map((pixels) => (
              <option key={pixels} value={pixels}>
                {pixels} px
              </option>
            ))}
          </select>
        )}
        <button
          type="button"
          className="button"
          onClick={() => selectAll(workspace, mask)}
          title="Select all rows that the filter shows"
        >
          Select all
        </button>
        {workspace.table.key && edited.length > 0 && (
          <button type="button" className="button" onClick={() => showKeys(workspace, edited, "edited")}>
            Edited {count(edited.length)}
          </button>
        )}
        {workspace.table.key && visited.size > 0 && (
          <button
            type="button"
            className="button"
            onClick={() => showKeys(workspace, [...visited].reverse(), "visited")}
          >
            Visited {count(visited.size)}
          </button>
        )}
        <SaveRows />
        <span className="push quiet">{selected > 0 ? `${count(selected)} selected` : ""}</span>
      </div>
      <BulkBar />
      {isGrid ? <RowTiles size={size} /> : <RowTable thumbnail={hasImages ? size : 0} />}
    </div>
  );
}
