/** The row under the pointer: its picture and what matters of it. */
import { useQuery } from "@tanstack/react-query";
import type { Row } from "../../api/contract";
import { thumbnailUrl } from "../../api/urls";
import { classText, imageColumn, isLabel } from "../columns";
import { useWorkspace } from "../context";
import { rowAtOptions } from "../row-at";
import { cellText } from "../rows/cell-text";

export function HoverCard({ row, x, y, colour }: { row: number; x: number; y: number; colour?: string }) {
  const workspace = useWorkspace();
  const { columns, table, at } = workspace;
  const found = useQuery(rowAtOptions(workspace, row)).data?.rows[0] as Row | undefined;
  if (!found) return null;
  const image = imageColumn(table);
  const file = image ? found[image.name] : null;
  const shown = columns
    .filter((column) => column.name === colour || isLabel(column) || /(loss|confidence)$/.test(column.name))
    .slice(0, 6);
  return (
    <div className="hover-card" style={{ left: x + 14, top: y + 14 }} aria-hidden>
      {typeof file === "string" && (
        <img src={thumbnailUrl(at.dataset, at.ref, file, 128)} alt="" width={96} height={96} />
      )}
      <dl>
        {shown.map((column) => (
          <div key={column.name}>
            <dt>{column.name}</dt>
            <dd>{isLabel(column) ? classText(column, found[column.name]) : cellText(column, found[column.name])}</dd>
          </div>
        ))}
      </dl>
      <span className="quiet">{found._key}</span>
    </div>
  );
}
