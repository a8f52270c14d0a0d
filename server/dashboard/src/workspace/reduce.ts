/** Vectors as axes of a plot: the service lays them onto their principal axes, and the places are columns of a run. */
import { body, fetchReduced, service } from "../api/client";
import type { TableColumn } from "../api/contract";
import { keys } from "../api/queries";
import { recordColumns } from "../api/run-columns";
import { count } from "../parts/amounts";
import type { Workspace } from "./context";
import { allKeys } from "./keys-of-rows";

export type Dims = 2 | 3;

export interface Axes {
  /** The run that has the places now. */
  run: string;
  /** Names of its columns: `x`, `y`, `z`. */
  names: string[];
  /** Which part of all variance lies along each. */
  shares: number[];
  /** How many rows have a place. */
  rows: number;
}

/** Where a run that holds a table's places says of which column they are. */
const PARAMETER = "reduced";

/** Told what is being done, and which part of it is: null where the service does not say. */
export type OnProgress = (words: string, share: number | null) => void;

export async function reduceVectors(
  workspace: Workspace,
  column: TableColumn,
  dims: Dims,
  onProgress: OnProgress,
): Promise<Axes> {
  const { runs, client, dataset } = workspace;
  const of = runs.find(({ name }) => column.name.startsWith(`${name}.`));
  const axes = of
    ? await reduceRun(of.name, column.name.slice(of.name.length + 1), dims, workspace.at.epoch, onProgress)
    : await reduceColumn(workspace, column.name, dims, onProgress);
  await client.invalidateQueries({ queryKey: keys.runs });
  await client.invalidateQueries({ queryKey: keys.dataset(dataset) });
  return axes;
}

async function reduceRun(
  run: string,
  column: string,
  dims: Dims,
  epoch: string | undefined,
  onProgress: OnProgress,
): Promise<Axes> {
  onProgress("The service looks for the axes", null);
  const params = { path: { run } };
  const { columns, shares, rows } = body(
    await service.POST("/v1/runs/{run}/reduce", { params, body: { column, dims, epoch } }),
  );
  return { run, names: columns, shares, rows };
}

/** The table's own vectors: a run of that purpose holds their places. */
async function reduceColumn(workspace: Workspace, column: string, dims: Dims, onProgress: OnProgress): Promise<Axes> {
  const { at, runs, dataset, refName } = workspace;
  onProgress("The service looks for the axes", null);
  const { axes, shares } = await fetchReduced(at, column, dims);
  const first = axes[0][1];
  const samples = await allKeys(workspace, first.values.length);
  const placed = [...first.values.keys()].filter((row) => first.valid?.get(row) ?? true);
  const of = { [PARAMETER]: column, table: at.table };
  const known = runs.find(({ table, parameters }) => {
    const told = parameters as Record<string, unknown> | null;
    return table === at.table && told?.[PARAMETER] === column;
  });
  const parameters = of as unknown as Record<string, never>;
  const begun = { name: `${column}-pca`, dataset, table: at.table, ref: refName, kind: "evaluation", parameters };
  const run = known?.name ?? body(await service.POST("/v1/runs", { body: begun })).name;
  const ofAxes = axes.map(([name, { values }]) => [name, placed.map((row) => values[row])] as const);
  await recordColumns(
    run,
    { sample: placed.map((row) => samples[row]), epoch: placed.map(() => 0), ...Object.fromEntries(ofAxes) },
    (done, rows) => onProgress(`${count(done)} of ${count(rows)} places recorded`, done / rows),
  );
  await service.PATCH("/v1/runs/{run}", { params: { path: { run } }, body: { status: "finished" } });
  return { run, names: axes.map(([name]) => name), shares, rows: placed.length };
}
