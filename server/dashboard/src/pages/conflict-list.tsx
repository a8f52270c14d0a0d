/** Conflicts in a table: where, what it was, and what the two sides made of it. */
import type { ReactNode } from "react";
import type { Cell, Conflict } from "../api/contract";
import { to } from "../app/routes";
import { counted } from "../parts/amounts";
import { Link } from "../parts/link";
import { valueText } from "./own-value";

interface Props {
  conflicts: readonly Conflict[];
  ours: string;
  theirs: string;
  dataset: string;
  /** The ref in which a row is looked at. */
  at: string;
  /** How many are shown; the caller offers more. */
  shown?: number;
  /** What can be done with the one at this place of the list. */
  decide?(conflict: Conflict, place: number): ReactNode;
}

export function ConflictList({ conflicts, ours, theirs, dataset, at, decide, shown = conflicts.length }: Props) {
  return (
    <div className="card table-wrap">
      <table className="list">
        <caption className="card-body">
          {counted(conflicts.length, "conflict")}
          {shown < conflicts.length ? `; the first ${shown} are shown` : ""}
        </caption>
        <thead>
          <tr>
            <th>Where</th>
            <th>Before</th>
            <th>{ours}</th>
            <th>{theirs}</th>
            <th>Why</th>
            {decide && <th>Decide</th>}
          </tr>
        </thead>
        <tbody>
          {conflicts.slice(0, shown).map((conflict, place) => (
            <tr key={placeName(conflict)}>
              <td>
                <Where conflict={conflict} dataset={dataset} at={at} />
              </td>
              <Side value={conflict.base} />
              <Side value={conflict.ours} />
              <Side value={conflict.theirs} />
              <td className="quiet">{conflict.why}</td>
              {decide && <td>{decide(conflict, place)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What tells one conflict from all others, in words. */
export function placeName({ path, table, key, column }: Conflict): string {
  return table ? [table, key, column].filter(Boolean).join(" ") : path;
}

function Where({
  conflict: { path, table, key, column },
  dataset,
  at,
}: {
  conflict: Conflict;
  dataset: string;
  at: string;
}) {
  if (!table || !key) return <span className="mono">{path}</span>;
  return (
    <>
      <Link href={to.workspace(dataset, at, { table, focus: key })}>
        {table} {key}
      </Link>
      {column ? `, ${column}` : ""}
      <div className="quiet mono">{path}</div>
    </>
  );
}

function Side({ value }: { value: Cell | undefined }) {
  const text = value === null || value === undefined ? "—" : valueText(value);
  return (
    <td>
      <bdi>{text.length > 200 ? `${text.slice(0, 200)}…` : text}</bdi>
    </td>
  );
}
