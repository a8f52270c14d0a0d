/** Which classes a run knows better than another, and which worse. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Run } from "../api/contract";
import { confusionOptions, tablesOptions } from "../api/queries";
import { accuracyDeltas } from "../core/class-accuracy";
import { count } from "../parts/amounts";
import { Failure } from "../parts/states";
import { classText, labelColumn, mainTable } from "../workspace/columns";

const SHOWN = 30;

/** Both runs are held against the classes of the branch as they are now. */
export function ClassDeltas({ runs: [a, b] }: { runs: Run[] }) {
  const dataset = a.dataset ?? "";
  const tables = useQuery({ ...tablesOptions(dataset, "main", "compare"), enabled: dataset !== "" }).data;
  const table = tables?.find(({ name }) => name === a.table) ?? (tables && mainTable(tables));
  const label = table ? labelColumn(table) : null;
  const isAsked = table !== undefined && label !== null;
  const matrixOf = (run: Run) => {
    const at = { dataset, ref: "main", table: table?.name ?? "", run: run.name };
    return { ...confusionOptions(at, "compare", label?.name ?? "", `${run.name}.predicted`), enabled: isAsked };
  };
  const [before, after] = [useQuery(matrixOf(a)), useQuery(matrixOf(b))];
  const deltas = useMemo(
    () => (before.data && after.data ? accuracyDeltas(before.data, after.data) : []),
    [before.data, after.data],
  );
  const error = before.error ?? after.error;
  if (error) return <Failure error={error} what="The classes" />;
  if (deltas.length === 0 || !label) return null;
  const most = Math.max(0.01, ...deltas.map((one) => Math.abs(one.after - one.before)));
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  return (
    <section className="card">
      <h2>Accuracy by class</h2>
      <div className="table-wrap">
        <table className="list">
          <thead>
            <tr>
              <th>{label.name}</th>
              <th className="number">{a.name}</th>
              <th className="number">{b.name}</th>
              <th className="number">Change</th>
              <th>
                <span className="unseen">Change as a bar</span>
              </th>
              <th className="number">Rows</th>
            </tr>
          </thead>
          <tbody>
            {deltas.slice(0, SHOWN).map((one) => {
              const delta = one.after - one.before;
              return (
                <tr key={one.name}>
                  <td>
                    <bdi>{classText(label, one.name)}</bdi>
                  </td>
                  <td className="number">{percent(one.before)}</td>
                  <td className="number">{percent(one.after)}</td>
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
                  <td className="number">{count(one.rows)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
        {deltas.length > SHOWN && (
          <p className="card-body quiet">
            The {SHOWN} classes that changed most of {deltas.length}.
          </p>
        )}
      </div>
    </section>
  );
}
