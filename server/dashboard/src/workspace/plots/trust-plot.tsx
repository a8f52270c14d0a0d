/** Precision against recall, and confidence against accuracy: how far a model may be trusted. */
import { useMemo, useState } from "react";
import { precisionRecall } from "../../core/precision-recall";
import { count } from "../../parts/amounts";
import { SaveChart } from "../../parts/save-chart";
import { Failure, Loading } from "../../parts/states";
import { classText } from "../columns";
import { useWorkspace } from "../context";
import { useFilterMask, useWholeColumn } from "../whole-columns";
import { ClassCurves, RecallChart } from "./class-curves";
import { type Answers, answersOf, calibration } from "./trust";

interface Props {
  actual: string;
  predicted: string;
  confidence: string;
}

export default function TrustPlot({ actual, predicted, confidence }: Props) {
  const { where, columns } = useWorkspace();
  const [a, p, c] = [useWholeColumn(actual), useWholeColumn(predicted), useWholeColumn(confidence)];
  const mask = useFilterMask().data ?? null;
  const answers = useMemo(
    () => (a.data && p.data && c.data ? answersOf(a.data, p.data, c.data, where === undefined ? null : mask) : null),
    [a.data, p.data, c.data, mask, where],
  );
  const column = columns.find(({ name }) => name === actual);
  const failed = [a, p, c].find(({ error }) => error);
  if (failed) return <Failure error={failed.error} what="The columns" onRetry={() => void failed.refetch()} />;
  if (!answers) return <Loading what="predictions and confidences" />;
  return <Trust answers={answers} nameOf={(value) => (column ? classText(column, value) : value)} />;
}

const SIDE = 220;

function Trust({ answers, nameOf }: { answers: Answers; nameOf(value: string): string }) {
  const [picked, setPicked] = useState<string | null>(null);
  const one = answers.classes.find(({ name }) => name === picked) ?? null;
  const scored = one?.scored ?? answers.all;
  const truths = one?.truths ?? answers.all.confidence.length;
  const of = one ? nameOf(one.name) : "all rows";
  const curve = useMemo(() => precisionRecall(scored, truths), [scored, truths]);
  const bins = useMemo(() => calibration(scored, 10), [scored]);
  const at = (share: number) => share * SIDE;
  const off = bins.reduce(
    (sum, bin) => sum + (bin.count / Math.max(1, scored.confidence.length)) * Math.abs(bin.accuracy - bin.confidence),
    0,
  );
  return (
    <div className="plot plot-scroll trust">
      <SaveChart name="precision-recall" />
      <p className="plot-words" aria-live="polite">
        {count(scored.confidence.length)} predictions of <bdi>{of}</bdi>
        {one && (
          <button type="button" className="button plain" onClick={() => setPicked(null)}>
            All rows
          </button>
        )}
      </p>
      <RecallChart curve={curve} of={of} />
      <figure>
        <svg
          className="chart"
          viewBox={`-34 -8 ${SIDE + 44} ${SIDE + 40}`}
          role="img"
          aria-label={`Accuracy by confidence of ${of}; expected calibration error ${off.toFixed(3)}`}
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
      <ClassCurves classes={answers.classes} nameOf={nameOf} picked={picked} onPick={setPicked} />
    </div>
  );
}
