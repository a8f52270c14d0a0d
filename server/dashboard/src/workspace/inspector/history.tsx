/** Who gave each cell of the row its value, and when. */
import { useQuery } from "@tanstack/react-query";
import type { Row } from "../../api/contract";
import { blameOptions } from "../../api/queries";
import { to } from "../../app/routes";
import { ago, shortId } from "../../parts/amounts";
import { Link } from "../../parts/link";
import { Answered } from "../../parts/states";
import { useWorkspace } from "../context";

export function History({ row }: { row: Row }) {
  const { at, version, dataset } = useWorkspace();
  const asked = useQuery(blameOptions(at, version, row._key));
  return (
    <section className="inspector-part">
      <h2>History</h2>
      <Answered asked={asked} what="The row's history">
        {({ cells, row: whole }) => {
          const changed = cells.filter(({ revision }) => revision);
          if (changed.length === 0 && !whole)
            return <p className="quiet">As the source has it; nobody has changed this row.</p>;
          return (
            <ul className="history">
              {whole && (
                <li>
                  row {whole.change} {whole.author && <>by {whole.author}</>}{" "}
                  {whole.committed_at && ago(whole.committed_at)}
                </li>
              )}
              {changed.map(({ column, revision, author, committed_at, message }) => (
                <li key={column}>
                  <strong>{column}</strong> by {author ?? "?"} {committed_at ? ago(committed_at) : ""} in{" "}
                  {revision && (
                    <Link href={to.workspace(dataset, revision)} className="mono">
                      {shortId(revision)}
                    </Link>
                  )}
                  {message && <div className="quiet">{message}</div>}
                </li>
              ))}
            </ul>
          );
        }}
      </Answered>
    </section>
  );
}
