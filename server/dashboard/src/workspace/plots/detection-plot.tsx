/** How well the predicted boxes of a run are the true ones: for each class, and which pictures are at fault. */
import { useEffect, useMemo, useState } from "react";
import type { Row } from "../../api/contract";
import { plainCell } from "../../core/column";
import { Detection, type PictureFaults } from "../../core/detection";
import { precisionRecall } from "../../core/precision-recall";
import { count, counted } from "../../parts/amounts";
import { SaveChart } from "../../parts/save-chart";
import { Empty, Failure, Loading } from "../../parts/states";
import { say } from "../../parts/toasts";
import { listedBoxes, useBoxSource } from "../boxes";
import { predictedBoxesColumn } from "../columns";
import { useWorkspace } from "../context";
import { inSlices } from "../in-slices";
import { keysOfRows } from "../keys-of-rows";
import { nameable, showKeys } from "../show-keys";
import { useFilterMask, useWholeColumn } from "../whole-columns";
import { ClassCurves, percent, RecallChart } from "./class-curves";
import { MeasureButton } from "./measure-button";

type Fault = Exclude<keyof PictureFaults, "row">;
const FAULTS: [Fault, string][] = [
  ["confused", "a wrong class"],
  ["invented", "a box where nothing is"],
  ["missed", "a missed box"],
];

export default function DetectionPlot({ least, floor }: { least: number; floor: number }) {
  const { columns, where } = useWorkspace();
  const source = useBoxSource();
  const guessed = predictedBoxesColumn(columns)?.name;
  const truths = useWholeColumn(source?.inline ?? undefined);
  const guesses = useWholeColumn(source?.inline ? guessed : undefined);
  const mask = useFilterMask().data ?? null;
  const [done, setDone] = useState<{ detection: Detection; isWhole: boolean } | null>(null);
  const label = source?.label ?? null;
  useEffect(() => {
    const [a, b] = [truths.data, guesses.data];
    if (a?.kind !== "cells" || b?.kind !== "cells") return;
    if (where !== undefined && mask === null) return;
    const detection = new Detection(least);
    const boxesOf = (cell: unknown) => listedBoxes(label, { _key: "", _row: 0, cell } as Row, "cell", null);
    return inSlices(
      a.length,
      (row) => {
        const guess = b.at(row);
        // A picture that the run has not looked at says nothing of it.
        if (guess === null || guess === undefined || (where !== undefined && !mask?.get(row))) return;
        const sure = boxesOf(plainCell(guess)).filter(({ confidence }) => (confidence ?? 1) >= floor);
        detection.add(row, boxesOf(plainCell(a.at(row))), sure);
      },
      (isWhole) => setDone({ detection, isWhole }),
    );
  }, [truths.data, guesses.data, mask, where, least, floor, label]);
  if (!source?.inline || !guessed) {
    return (
      <Empty title="There are no predicted boxes here">
        Choose a run that has predicted boxes, and the table whose rows are the pictures.
      </Empty>
    );
  }
  const failed = [truths, guesses].find(({ error }) => error);
  if (failed) return <Failure error={failed.error} what="The boxes" onRetry={() => void failed.refetch()} />;
  if (!done) return <Loading what="true and predicted boxes" />;
  return <Scores {...done} least={least} floor={floor} />;
}

interface Props {
  detection: Detection;
  isWhole: boolean;
  least: number;
  floor: number;
}

function Scores({ detection, isWhole, least, floor }: Props) {
  const workspace = useWorkspace();
  const [picked, setPicked] = useState<string | null>(null);
  const scores = detection.scores();
  const known = scores.filter(({ average }) => !Number.isNaN(average));
  const mean = known.reduce((sum, { average }) => sum + average, 0) / Math.max(1, known.length);
  const show = async (fault: Fault) => {
    const rows = detection.faults.filter((one) => one[fault] > 0).sort((a, b) => b[fault] - a[fault]);
    const named = await keysOfRows(
      workspace,
      nameable(rows).map(({ row }) => row),
    );
    showKeys(workspace, named, "worst");
    if (named.length < rows.length) say(`The ${count(named.length)} worst of ${counted(rows.length, "picture")}`);
  };
  const classes = useMemo(() => (isWhole ? detection.scored() : []), [detection, isWhole]);
  const one = classes.find(({ name }) => name === picked);
  return (
    <div className="plot plot-scroll">
      <div className="plot-bar" role="toolbar" aria-label="Pictures at fault">
        {FAULTS.map(([fault, title]) => {
          const pictures = detection.faults.filter((one) => one[fault] > 0).length;
          return (
            <button
              key={fault}
              type="button"
              className="button"
              disabled={pictures === 0}
              onClick={() => void show(fault)}
            >
              {counted(pictures, "picture")} with {title}
            </button>
          );
        })}
        <MeasureButton limits={{ least, floor }} />
      </div>
      <p className="plot-words" aria-live="polite">
        {isWhole ? "" : "so far "}
        {counted(detection.pictures, "picture")}; boxes are the same from IoU {least.toFixed(2)} on, predicted ones
        count from confidence {floor.toFixed(2)} on; mean average precision {percent(mean)} over{" "}
        {counted(known.length, "class", "classes")}
      </p>
      <table className="list">
        <thead>
          <tr>
            <th>Class</th>
            <th className="number">Boxes</th>
            <th className="number">Predicted</th>
            <th className="number">Right</th>
            <th className="number">Precision</th>
            <th className="number">Recall</th>
            <th className="number">Average precision</th>
          </tr>
        </thead>
        <tbody>
          {scores.map((score) => (
            <tr key={score.name}>
              <td>
                <bdi>{score.name || "(none)"}</bdi>
              </td>
              <td className="number">{count(score.truths)}</td>
              <td className="number">{count(score.guesses)}</td>
              <td className="number">{count(score.right)}</td>
              <td className="number">{percent(score.precision)}</td>
              <td className="number">{percent(score.recall)}</td>
              <td className="number">{percent(score.average)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {isWhole && (
        <div className="trust">
          {one && <SaveChart name="precision-recall" />}
          {one && <RecallChart curve={precisionRecall(one.scored, one.truths)} of={one.name} />}
          <ClassCurves classes={classes} picked={picked} onPick={setPicked} />
        </div>
      )}
    </div>
  );
}
