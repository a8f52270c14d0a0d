/** One changed row: old and new cell, with its picture where it has one; Space blinks between the two. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Cell, DiffRow, Row, Table } from "../api/contract";
import { rowsOptions, tablesOptions } from "../api/queries";
import { fileUrl, thumbnailUrl } from "../api/urls";
import { to } from "../app/routes";
import { type Box, fromCell, isBoxForm } from "../core/box";
import { whileHeld } from "../parts/held";
import { Link } from "../parts/link";
import { classText, imageColumn, isNamed } from "../workspace/columns";
import { byKey } from "../workspace/row-key";

interface Props {
  row: DiffRow;
  dataset: string;
  from: string;
  until: string;
  isChosen: boolean;
  onChoose(): void;
}

export function RowChange({ row, dataset, from, until, isChosen, onChoose }: Props) {
  const tables = useQuery(tablesOptions(dataset, row.change === "deleted" ? from : until, "diff")).data ?? [];
  const table = tables.find(({ name }) => name === row.table);
  const column = table?.columns.find(({ name }) => name === row.column);
  const show = (value: Cell) => (column && column.role.kind === "label" ? classText(column, value) : text(value));
  const branch = until.replace(/^draft:/, "");
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          checked={isChosen}
          onChange={onChoose}
          aria-label={`Choose ${row.key} ${row.column ?? row.change}`}
        />
      </td>
      <td>
        {table && (
          <ChangedPicture row={row} table={table} tables={tables} dataset={dataset} from={from} until={until} />
        )}
      </td>
      <td>
        <Link href={to.workspace(dataset, branch, { table: row.table, focus: row.key ?? undefined })} className="mono">
          <bdi>{row.key ?? row.path}</bdi>
        </Link>
        <div className="quiet">{row.table}</div>
      </td>
      <td>{row.column ?? <span className="badge">{row.change}</span>}</td>
      <td className="before">
        {row.change === "inserted" ? <span className="quiet">—</span> : <bdi>{show(row.before)}</bdi>}
      </td>
      <td className="after">
        {row.change === "deleted" ? <span className="quiet">—</span> : <bdi>{show(row.after)}</bdi>}
      </td>
    </tr>
  );
}

function text(value: Cell): string {
  if (value === null || value === undefined) return "null";
  const long = typeof value === "object" ? JSON.stringify(value) : String(value);
  return long.length > 200 ? `${long.slice(0, 200)}… (${long.length.toLocaleString("en-US")} characters)` : long;
}

interface PictureProps extends Omit<Props, "isChosen" | "onChoose"> {
  table: Table;
  tables: Table[];
}

/** The picture of the row, or of the row that it refers to; a changed box is drawn old and new. */
function ChangedPicture({ row, table, tables, dataset, from, until }: PictureProps) {
  const ref = row.change === "deleted" ? from : until;
  const own = imageColumn(table);
  const reference = table.columns.find(({ role }) => role.kind === "reference");
  const target = own ? table : (tables.find((one) => isNamed(one, reference?.role.table)) ?? null);
  const found = useQuery({
    ...rowsOptions({ dataset, ref, table: table.name }, "diff", byKey(table, row.key ?? "")),
    enabled: target !== null && Boolean(row.key),
  }).data?.rows[0] as Row | undefined;
  const linked = !own && found && reference ? found[reference.name] : null;
  const other = useQuery({
    ...rowsOptions({ dataset, ref, table: target?.name ?? "" }, "diff", byKey(target ?? table, String(linked))),
    enabled: linked !== null && linked !== undefined && Boolean(target?.key),
  }).data?.rows[0] as Row | undefined;
  const [isBefore, setBefore] = useState(false);
  const [size, setSize] = useState<{ width: number; height: number } | null>(null);
  const image = target ? imageColumn(target) : null;
  const holder = own ? found : other;
  const file = image && holder ? holder[image.name] : null;
  if (typeof file !== "string") return null;
  const form = table.columns.find(({ name }) => name === row.column)?.role.kind ?? "";
  if (!isBoxForm(form))
    return (
      <img
        src={thumbnailUrl(dataset, ref, file, 64)}
        alt=""
        width={64}
        height={64}
        className="diff-thumb"
        loading="lazy"
      />
    );
  const boxOf = (cell: Cell): Box | null =>
    size && Array.isArray(cell) ? fromCell(form, cell as number[], size.width, size.height) : null;
  const [before, after] = [boxOf(row.before), boxOf(row.after)];
  return (
    <button
      type="button"
      className="blink"
      aria-label={`Box of ${row.key}; hold Space to see it as it was`}
      {...whileHeld(setBefore)}
    >
      <img
        src={fileUrl(dataset, ref, file)}
        alt=""
        loading="lazy"
        onLoad={({ currentTarget }) =>
          setSize({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })
        }
      />
      {size && (
        <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden>
          {before && (
            <rect
              className="was"
              x={before.x}
              y={before.y}
              width={before.width}
              height={before.height}
              vectorEffect="non-scaling-stroke"
            />
          )}
          {after && !isBefore && (
            <rect
              className="is"
              x={after.x}
              y={after.y}
              width={after.width}
              height={after.height}
              vectorEffect="non-scaling-stroke"
            />
          )}
        </svg>
      )}
    </button>
  );
}
