/** Old class against new class: how many rows went where. */
import type { ClassFlow as Flow } from "../api/contract";
import { count, counted } from "../parts/amounts";
import { flowName } from "./diff";

const SIDE_MAX = 14;

export function ClassFlow({
  flows,
  chosen,
  onChoose,
}: {
  flows: readonly Flow[];
  chosen: string | null;
  onChoose(flow: string | null): void;
}) {
  const byColumn = Map.groupBy(flows, ({ column }) => column);
  return [...byColumn].map(([column, all]) => {
    const order = (side: "before" | "after") => {
      const sums = new Map<string, number>();
      for (const flow of all) sums.set(text(flow[side]), (sums.get(text(flow[side])) ?? 0) + flow.count);
      return [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    };
    const [rows, columns] = [order("before"), order("after")];
    const shown = { rows: rows.slice(0, SIDE_MAX), columns: columns.slice(0, SIDE_MAX) };
    const most = Math.max(...all.map((flow) => flow.count));
    const left = all.filter(
      (flow) => !shown.rows.includes(text(flow.before)) || !shown.columns.includes(text(flow.after)),
    );
    return (
      <section key={column} className="card confusion">
        <h2>{column}: from class to class</h2>
        <div className="table-wrap card-body">
          <table>
            <thead>
              <tr>
                <td className="quiet">before ↓ after →</td>
                {shown.columns.map((name) => (
                  <th key={name} scope="col">
                    <bdi>{name}</bdi>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.rows.map((before) => (
                <tr key={before}>
                  <th scope="row">
                    <bdi>{before}</bdi>
                  </th>
                  {shown.columns.map((after) => {
                    const flow = all.find((one) => text(one.before) === before && text(one.after) === after);
                    const name = flow ? flowName(flow) : "";
                    return (
                      <td key={after}>
                        <button
                          type="button"
                          className="cell is-flow"
                          style={
                            {
                              "--strength": `${flow ? 12 + Math.round((flow.count / most) * 50) : 0}%`,
                            } as React.CSSProperties
                          }
                          disabled={!flow}
                          aria-pressed={flow !== undefined && chosen === name}
                          aria-label={`${count(flow?.count ?? 0)} from ${before} to ${after}`}
                          onClick={() => onChoose(chosen === name ? null : name)}
                        >
                          {flow ? count(flow.count) : ""}
                        </button>
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
          {left.length > 0 && (
            <p className="quiet">
              {counted(left.length, "smaller flow")} between other classes are not in the matrix; the rows below have
              them.
            </p>
          )}
        </div>
      </section>
    );
  });
}

const text = (value: unknown) => (value === null || value === undefined ? "null" : String(value));
