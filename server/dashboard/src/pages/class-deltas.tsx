/** Which classes a run knows better than another, and which worse. */
import type { Comparison } from "../api/contract";
import { count } from "../parts/amounts";

const SHOWN = 30;

interface Props {
  classes: NonNullable<Comparison["classes"]>;
  first: string;
  second: string;
}

export function ClassDeltas({ classes, first, second }: Props) {
  const sorted = [...classes].sort((a, b) => Math.abs(b.delta[0]) - Math.abs(a.delta[0]));
  const most = Math.max(0.01, ...sorted.map(({ delta }) => Math.abs(delta[0])));
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return (
    <section className="card">
      <h2>Accuracy by class</h2>
      <div className="table-wrap">
        <table className="list">
          <thead>
            <tr>
              <th>Class</th>
              <th className="number">{first}</th>
              <th className="number">{second}</th>
              <th className="number">Change</th>
              <th>
                <span className="unseen">Change as a bar</span>
              </th>
              <th className="number">Rows</th>
            </tr>
          </thead>
          <tbody>
            {sorted.slice(0, SHOWN).map(({ class: name, rows, right, delta: [delta] }) => (
              <tr key={name}>
                <td>
                  <bdi>{name}</bdi>
                </td>
                <td className="number">{percent(right[0] / rows)}</td>
                <td className="number">{percent(right[1] / rows)}</td>
                <td className="number">
                  {delta > 0 ? "+" : ""}
                  {percent(delta)}
                </td>
                <td>
                  <span className="delta-track" aria-hidden>
                    <span
                      className={delta >= 0 ? "delta-bar is-better" : "delta-bar is-worse"}
                      style={{
                        width: `${(Math.abs(delta) / most) * 50}%`,
                        left: delta >= 0 ? "50%" : `${50 - (Math.abs(delta) / most) * 50}%`,
                      }}
                    />
                  </span>
                </td>
                <td className="number">{count(rows)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {sorted.length > SHOWN && (
          <p className="card-body quiet">
            The {SHOWN} classes that changed most of {sorted.length}.
          </p>
        )}
      </div>
    </section>
  );
}
