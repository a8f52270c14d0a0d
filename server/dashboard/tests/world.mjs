/** What the stories are told of: a service with its dataset, and how a page of it is read. */
import { mkdirSync } from "node:fs";

export async function readWorld({ url, dataset: wanted, run: wantedRun, boxes, odd, mount, shots }) {
  const origin = new URL(url).origin;
  const api = async (path, body, method = body === undefined ? "GET" : "POST") => {
    const sent = { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const response = await fetch(`${origin}/v1${path}`, body === undefined ? { method } : sent);
    if (!response.ok) throw new Error(`${response.status} of ${path}: ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  };
  const { datasets } = await api("/datasets");
  const dataset = wanted ?? datasets[0]?.name;
  if (!dataset) throw new Error("the service has no dataset to tell stories of");
  const { runs } = await api(`/runs?dataset=${encodeURIComponent(dataset)}`);
  const run = wantedRun ?? runs[0]?.name;
  const tablesOf = async (name) => {
    const { tables } = await api(`/datasets/${encodeURIComponent(name)}/at/main/tables`);
    const table = tables.find(({ is_main }) => is_main) ?? tables.find((one) => one.name === "samples") ?? tables[0];
    return { dataset: name, tables, table };
  };
  const oddTable = async (name) =>
    (await tablesOf(name)).tables.find(({ columns }) => columns.some((column) => column.name === "score")).name;
  /** The run that has predicted boxes. */
  const boxesRun = async (name) =>
    (await api(`/runs?dataset=${encodeURIComponent(name)}`)).runs.find(({ columns }) =>
      columns.some((column) => column.name === "boxes"),
    )?.name;
  const { tables, table } = await tablesOf(dataset);
  const addressOf = (name, query) => {
    const text = new URLSearchParams(query).toString();
    return `${origin}/datasets/${encodeURIComponent(name)}/at/main${text ? `?${text}` : ""}`;
  };
  if (shots) mkdirSync(shots, { recursive: true });
  return {
    origin,
    api,
    dataset,
    /** The API's path of the dataset. */
    path: `/datasets/${encodeURIComponent(dataset)}`,
    runs,
    run,
    tables,
    table,
    label: table.columns.find(({ role }) => role.kind === "label"),
    mount,
    /** The dataset with boxes, its tables and its main table. */
    boxed: { ...(await tablesOf(boxes ?? dataset)), run: await boxesRun(boxes ?? dataset) },
    /** The dataset of odd rows, and the table that has them. */
    odd: odd ? { dataset: odd, table: await oddTable(odd) } : null,
    addressOf,
    workspace: (query = {}) => addressOf(dataset, { ...(run ? { run } : {}), ...query }),
    shot: async (page, name) => shots && (await page.screenshot({ path: `${shots}/${name}.png` })),
  };
}

export const number = (text) => Number(text.replaceAll(",", "").match(/\d+/)?.[0] ?? Number.NaN);
export const matched = async (page) => number((await page.locator(".matched").innerText()).split(" of ")[0]);
export const selectedCount = async (page) => number(await page.locator(".chip.is-selection .chip-text").innerText());
export const edits = (page) => page.locator(".draft-bar [aria-live]").innerText();
export const rowsReady = (page) => page.locator(".row:not(.is-waiting)").first().waitFor();

/** The plot has drawn what it was told. */
export const plotReady = async (page) => {
  await page.locator(".plot-canvas[data-renderer]").first().waitFor();
  await page.waitForTimeout(600);
};

/** Checks again until it holds, for as long as the browser waits for what it needs; the last failure is told. */
export const retry = async (check, times = 600) => {
  for (let i = 0; ; i++) {
    try {
      return await check();
    } catch (error) {
      if (i >= times) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};
