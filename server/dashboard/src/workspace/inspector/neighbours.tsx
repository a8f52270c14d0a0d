/** The rows that a model sees as most alike. */
import { useQueries, useQuery } from "@tanstack/react-query";
import type { Row } from "../../api/contract";
import { neighboursOptions } from "../../api/queries";
import { measured } from "../../parts/amounts";
import { Answered } from "../../parts/states";
import { classText, embeddingColumn, labelColumn } from "../columns";
import { useWorkspace } from "../context";
import { focusRow } from "../focus";
import { rowAtOptions } from "../row-at";
import { Thumbnail } from "../rows/thumbnail";

export function Neighbours({ row }: { row: Row }) {
  const workspace = useWorkspace();
  const { at, version, table } = workspace;
  const column = embeddingColumn(table);
  const asked = useQuery({ ...neighboursOptions(at, version, column?.name ?? "", row._key), enabled: column !== null });
  const found = asked.data ?? [];
  const rows = useQueries({ queries: found.map((one) => rowAtOptions(workspace, one.row)) });
  const label = labelColumn(table);
  return (
    <section className="inspector-part">
      <h2>Nearest neighbours</h2>
      <Answered asked={asked} what="The neighbours">
        {(neighbours) => (
          <ul className="neighbours">
            {neighbours.map(({ key, row: at_, distance }, i) => {
              const other = rows[i]?.data?.rows[0] as Row | undefined;
              return (
                <li key={key}>
                  <button
                    type="button"
                    className="neighbour"
                    onClick={() => focusRow(key, at_)}
                    title={`${key}, distance ${measured(distance)}`}
                  >
                    {other ? <Thumbnail row={other} size={64} boxes={[]} /> : <span className="skeleton thumbnail" />}
                    <bdi>{other && label ? classText(label, other[label.name]) : key}</bdi>
                  </button>
                </li>
              );
            })}
          </ul>
        )}
      </Answered>
    </section>
  );
}
