/** What each run measured for this row, epoch by epoch. */
import { useQuery } from "@tanstack/react-query";
import type { Cell, Row } from "../../api/contract";
import { sampleMetricsOptions } from "../../api/queries";
import { counted, measured } from "../../parts/amounts";
import { Failure } from "../../parts/states";
import { classText, labelColumn } from "../columns";
import { useWorkspace } from "../context";

const RUNS_SHOWN = 4;

export function Metrics({ row }: { row: Row }) {
  const { runs, run, table } = useWorkspace();
  const mine = runs.filter((one) => one.table === table.name || one.table === "samples" || !one.table);
  const shown = [...(run ? [run] : []), ...mine.filter((one) => one !== run)].slice(0, RUNS_SHOWN);
  if (shown.length === 0) return null;
  return (
    <section className="inspector-part">
      <h2>Metrics</h2>
      {shown.map(({ name }) => (
        <RunMetrics key={name} run={name} row={row} />
      ))}
      {mine.length > shown.length && (
        <p className="quiet">{counted(mine.length - shown.length, "more run")} on the runs page</p>
      )}
    </section>
  );
}

function RunMetrics({ run, row }: { run: string; row: Row }) {
  const { table } = useWorkspace();
  const asked = useQuery(sampleMetricsOptions(run, row._key));
  const label = labelColumn(table);
  if (asked.error) return <Failure error={asked.error} what={run} />;
  const epochs = (asked.data ?? [])
    .filter(({ epoch }) => typeof epoch === "number")
    .sort((a, b) => Number(a.epoch) - Number(b.epoch));
  if (epochs.length === 0) return null;
  const last = epochs[epochs.length - 1];
  const numbers = Object.keys(last).filter(
    (name) => typeof last[name] === "number" && !["epoch", "step", "predicted"].includes(name),
  );
  const predictions = epochs.map(({ predicted }) => predicted).filter((value) => value !== undefined && value !== null);
  const truth = label ? row[label.name] : undefined;
  const forgotten = timesForgotten(predictions, truth);
  return (
    <div className="run-metrics">
      <h3>
        <bdi>{run}</bdi>
      </h3>
      <table className="spark-table">
        <tbody>
          {numbers.map((name) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                <Spark values={epochs.map((epoch) => Number(epoch[name]))} name={name} />
              </td>
              <td className="number">{measured(Number(last[name]))}</td>
            </tr>
          ))}
          {predictions.length > 0 && (
            <tr>
              <th scope="row">predicted</th>
              <td>
                <span
                  className="guesses"
                  role="img"
                  aria-label={`${predictions.filter((one) => String(one) === String(truth)).length} of ${predictions.length} epochs right`}
                >
                  {predictions.map((one, i) => (
                    <span key={i} className={String(one) === String(truth) ? "guess is-right" : "guess"} />
                  ))}
                </span>
              </td>
              <td>
                <bdi>
                  {label
                    ? classText(label, predictions[predictions.length - 1] as Cell)
                    : String(predictions[predictions.length - 1])}
                </bdi>
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {forgotten > 0 && <p className="quiet">learnt and forgotten {counted(forgotten, "time")}</p>}
    </div>
  );
}

/** How often a right answer was followed by a wrong one. */
export function timesForgotten(predictions: readonly (Cell | undefined)[], truth: Cell | undefined): number {
  let times = 0;
  for (let i = 1; i < predictions.length; i++) {
    if (String(predictions[i - 1]) === String(truth) && String(predictions[i]) !== String(truth)) times++;
  }
  return times;
}

function Spark({ values, name }: { values: number[]; name: string }) {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return <span className="quiet">no number</span>;
  const [min, max] = [Math.min(...finite), Math.max(...finite)];
  const x = (i: number) => (values.length === 1 ? 50 : (i / (values.length - 1)) * 98 + 1);
  const y = (value: number) => 19 - ((value - min) / (max - min || 1)) * 18;
  const points = values.map((value, i) => (Number.isFinite(value) ? `${x(i)},${y(value)}` : "")).filter(Boolean);
  return (
    <svg
      className="spark"
      viewBox="0 0 100 20"
      preserveAspectRatio="none"
      role="img"
      aria-label={`${name} over ${values.length} epochs, from ${measured(values[0])} to ${measured(values[values.length - 1])}`}
    >
      <polyline points={points.join(" ")} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
