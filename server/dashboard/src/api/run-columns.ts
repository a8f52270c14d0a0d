/** Columns of our own making, as columns of a run: what the service knows of it can be sorted, filtered and plotted. */

import type { Cell } from "./cell";
import { service } from "./client";

/** Rows of a batch. */
const AT_ONCE = 2000;

/** Each list has a value for each row; those of `sample` and `epoch` say which one it is. */
export type RunColumns = { sample: string[]; epoch: number[] } & Record<string, Cell[]>;

/** Records the columns; the same columns of the same rows that were there before are replaced. */
export async function recordColumns(
  run: string,
  columns: RunColumns,
  onProgress: (done: number, of: number) => void,
): Promise<void> {
  const rows = columns.sample.length;
  const drawn = [...crypto.getRandomValues(new Uint8Array(8))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  for (let from = 0; from < rows; from += AT_ONCE) {
    onProgress(from, rows);
    const part = Object.entries(columns).map(([name, values]) => [name, values.slice(from, from + AT_ONCE)]);
    await service.PUT("/v1/runs/{run}/batches/{batch}", {
      params: { path: { run, batch: `dashboard-${drawn}-${from}` } },
      body: { columns: Object.fromEntries(part) as Record<string, never> },
    });
  }
  onProgress(rows, rows);
}
