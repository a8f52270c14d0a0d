/** Precision against recall, and confidence against accuracy: how far a model may be trusted. */
import { useMemo } from "react";
import type { Bitmask } from "../../core/bitmask";
import type { Column } from "../../core/column";
import { count } from "../../parts/amounts";
import { SaveChart } from "../../parts/save-chart";
import { Failure, Loading } from "../../parts/states";
import { useWorkspace } from "../context";
import { useFilterMask, useWholeColumn } from "../whole-columns";
import { calibration, precisionRecall, type Scored } from "./trust";

interface Props {
  actual: string;
  predicted: string;
  confidence: string;
}

export default function TrustPlot({ actual, predicted, confidence }: Props) {
  const { where } = useWorkspace();
  const [a, p, c] = [useWholeColumn(actual), useWholeColumn(predicted), useWholeColumn(confidence)];
  const mask = useFilterMask().data ?? null;
  const scored = useMemo(
    () => (a.data && p.data && c.data ? score(a.data, p.data, c.data, where === undefined ? null : mask) : null),
    [a.data, p.data, c.data, mask, where],
  );
  const failed = [a, p, c].find(({ error }) => error);
  if (failed) return <Failure error={failed.error} what="The columns" onRetry={() => void failed.refetch()} />;
  if (!scored) return <Loading what="predictions and confidences" />;
  return <Trust scored={scored} />;
}

const SIDE = 220;

function Trust({ scored }: { scored: Scored }) {
  const curve = useMemo(() => precisionRecall(scored), [scored]);
  const bins = useMemo(() => calibration(scored, 10), [scored]);
  const at = (share: number) => share * SIDE;
  const off = bins.reduce(
    (sum, bin) => sum + (bin.count / Math.max(1, scored.confidence.length)) * Math.abs(bin.accuracy - bin.confidence),
    0,
  );
  return (
    <div className="plot plot-scroll trust">
      <SaveChart name="precision-recall" />
      <figure>
        <svg
          className="chart"
          viewBox={`-34 -8 ${SIDE + 44} ${SIDE + 40}`}
          role="img"
          aria-label={`Precision against recall, ${count(curve.length)} points; the table beside has the numbers`}
        >
          <rect width={SIDE} height={SIDE} className="chart-frame" />
          <polyline
            className="chart-line"
            points={curve.map(({ recall, precision }) => `${at(recall)},${SIDE - at(precision)}`).join(" ")}
          />
          <text x={SIDE / 2} y={SIDE + 22} textAnchor="middle">
            recall (share of rows answered right)
          </text>
          <text transform={`translate(-14 ${SIDE / 2}) rotate(-90)`} textAnchor="middle">
            precision
          </text>
        </svg>
      </figure>
      <figure>
        <svg
          className="chart"
          viewBox={`-34 -8 ${SIDE + 44} ${SIDE + 40}`}
          role="img"
          aria-label={`Accuracy by confidence; expected calibration error ${off.toFixed(3)}`}
        >
          <rect width={SIDE} height={SIDE} className="chart-frame" />
          <line x1={0} y1={SIDE} x2={SIDE} y2={0} className="grid-line" />
          {bins.map(({ confidence, accuracy, count: rows }) =>
            rows === 0 ? null : (
              <circle key={confidence} className="chart-dot" cx={at(confidence)} cy={SIDE - at(accuracy)} r={4}>
                <title>{`confidence ${confidence.toFixed(2)}: ${(accuracy * 100).toFixed(1)} % of ${count(rows)} right`}</title>
              </circle>
            ),
          )}
          <text x={SIDE / 2} y={SIDE + 22} textAnchor="middle">
            confidence
          </text>
          <text transform={`translate(-14 ${SIDE / 2}) rotate(-90)`} textAnchor="middle">
            share right
          </text>
        </svg>
      </figure>
      <table className="list">
        <caption className="quiet">Expected calibration error {off.toFixed(3)}</caption>
        <thead>
          <tr>
            <th className="number">confidence</th>
            <th className="number">right</th>
            <th className="number">rows</th>
          </tr>
        </thead>
        <tbody>
          {bins
            .filter((bin) => bin.count > 0)
            .map((bin) => (
              <tr key={bin.confidence}>
                <td className="number">{bin.confidence.toFixed(2)}</td>
                <td className="number">{(bin.accuracy * 100).toFixed(1)} %</td>
                <td className="number">{count(bin.count)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function score(actual: Column, predicted: Column, confidence: Column, mask: Bitmask | null): Scored | null {
  if (confidence.kind !== "number") return null;
  const found: Scored = { confidence: [], isRight: [] };
  const text = (column: Column) => (row: number) => {
    if (column.kind === "codes") return column.dictionary[column.codes[row]] ?? null;
    if (column.kind === "number") return column.valid && !column.valid.get(row) ? null : String(column.values[row]);
    const value = column.at(row);
    return value === null || value === undefined ? null : String(value);
  };
  const [a, p] = [text(actual), text(predicted)];
  for (let row = 0; row < confidence.values.length; row++) {
    if (mask && !mask.get(row)) continue;
    const value = confidence.values[row];
    const guess = p(row);
    if (!Number.isFinite(value) || guess === null || (confidence.valid && !confidence.valid.get(row))) continue;
    found.confidence.push(value);
    found.isRight.push(a(row) === guess);
  }
  return found;
}
