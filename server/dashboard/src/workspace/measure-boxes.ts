/** Measures of each picture's boxes, recorded as columns of the run that has predicted them. */
import { fetchColumn, service } from "../api/client";
import type { Row, Run } from "../api/contract";
import { keys } from "../api/queries";
import { type RunColumns, recordColumns } from "../api/run-columns";
import { plainCell } from "../core/column";
import { measurePicture, type PictureMeasures } from "../core/picture-measures";
import type { BoxLimits } from "./box-limits";
import { listedBoxes } from "./boxes";
import { type BoxSource, predictedBoxesColumn } from "./columns";
import type { Workspace } from "./context";
import { inSlices } from "./in-slices";
import { allKeys } from "./keys-of-rows";

/** Where the run says at which limits, and of which state of the labels. */
const PARAMETER = "boxes_measured";

export const MEASURED: readonly (keyof PictureMeasures)[] = ["box_iou", "box_tp", "box_fp", "box_fn", "box_area"];

interface Measured {
  iou: number;
  confidence: number;
  ref: string;
  state: string;
}

const stateOf = ({ least, floor }: BoxLimits, { refName, version }: Workspace): Measured => ({
  iou: least,
  confidence: floor,
  ref: refName,
  state: version,
});

/** What the run's measures are: none, of another state or other limits, or what they would be now. */
export function measuredState(run: Run, limits: BoxLimits, workspace: Workspace): "none" | "old" | "now" {
  const known = (run.parameters as Record<string, unknown> | null)?.[PARAMETER] as Partial<Measured> | undefined;
  if (!known) return "none";
  const now = stateOf(limits, workspace);
  const isSame = (Object.keys(now) as (keyof Measured)[]).every((name) => known[name] === now[name]);
  return isSame ? "now" : "old";
}

/** Measures all pictures that the run has looked at, whatever the filter shows; returns how many. */
export async function measureBoxes(
  workspace: Workspace,
  source: BoxSource,
  limits: BoxLimits,
  onProgress: (done: number, of: number) => void,
): Promise<number> {
  const { at, run, columns, client, dataset } = workspace;
  const guessed = predictedBoxesColumn(columns)?.name;
  if (!run || !guessed || !source.inline) throw new Error("there are no predicted boxes");
  const epochName = `${run.name}.epoch`;
  const [truths, guesses, epochs] = await Promise.all(
    [source.inline, guessed, epochName].map((name) => fetchColumn(at, name)),
  );
  if (truths.kind !== "cells" || guesses.kind !== "cells" || epochs.kind !== "number")
    throw new Error(`${source.inline} and ${guessed} are no lists of boxes`);
  if (guesses.length !== truths.length) throw new Error("the table has changed meanwhile");
  const samples = await allKeys(workspace, guesses.length);
  const label = source.label;
  // A box in shares of its picture has its area as one.
  const boxesOf = (cell: unknown) =>
    listedBoxes(label, { _key: "", _row: 0, cell: plainCell(cell) } as Row, "cell", { width: 1, height: 1 });
  const found: RunColumns = { sample: [], epoch: [] };
  for (const name of MEASURED) found[name] = [];
  await new Promise<void>((done) => {
    inSlices(
      guesses.length,
      (row) => {
        const guess = guesses.at(row);
        if (guess === null || guess === undefined) return;
        const sure = boxesOf(guess).filter(({ confidence }) => (confidence ?? 1) >= limits.floor);
        const measures = measurePicture(boxesOf(truths.at(row)), sure, limits.least);
        found.sample.push(samples[row]);
        found.epoch.push(epochs.values[row]);
        for (const name of MEASURED) found[name].push(measures[name]);
      },
      (isWhole) => isWhole && done(),
    );
  });
  await recordColumns(run.name, found, onProgress);
  const parameters = { [PARAMETER]: stateOf(limits, workspace) } as unknown as Record<string, never>;
  await service.PATCH("/v1/runs/{run}", { params: { path: { run: run.name } }, body: { parameters } });
  await client.invalidateQueries({ queryKey: keys.runs });
  await client.invalidateQueries({ queryKey: keys.dataset(dataset) });
  return found.sample.length;
}
