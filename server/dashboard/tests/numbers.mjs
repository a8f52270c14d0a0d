/**
 * The Dashboard's numbers on a large table, in headless Chromium without a graphics card; `scripts/bench dashboard`
 * makes the table and runs this.
 *
 *     node tests/numbers.mjs --url http://127.0.0.1:8000 --dataset NAME [--run NAME] [--text COLUMN] [--boxes NAME]
 *         [--strict]
 *
 * The table has two number columns for a plot (`x` and `y`, or a run's) and a number column to brush. `--text` is a
 * column with as many values as rows, `--boxes` a dataset whose first picture has many boxes. `--strict` fails where
 * a number is not reached.
 */
import { parseArgs } from "node:util";
import { openBrowser } from "./browser.mjs";
import { boxFrames, brushed, jumps, lassoed, longestTask, opened, panFrames, zoomFrames } from "./measures.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    dataset: { type: "string" },
    run: { type: "string" },
    text: { type: "string" },
    boxes: { type: "string" },
    strict: { type: "boolean" },
  },
});
if (!options.url || !options.dataset) {
  console.error("usage: node tests/numbers.mjs --url http://127.0.0.1:8000 --dataset NAME");
  process.exit(2);
}
const origin = new URL(options.url).origin;
const { browser, page, failures } = await openBrowser(origin);
const results = [];
const report = (what, value, goal, unit = "ms") => {
  results.push(value <= goal);
  const cells = [what, `${Math.round(value)} ${unit}`, `≤ ${goal} ${unit}`, (value / goal).toFixed(2)];
  console.log(`| ${cells.join(" | ")} | ${value <= goal ? "yes" : "**no**"} |`);
};
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const address = (dataset, query = {}) => {
  const text = new URLSearchParams({ ...(options.run ? { run: options.run } : {}), ...query });
  return `${origin}/datasets/${encodeURIComponent(dataset)}/at/main?${text}`;
};
const notes = [];

await page.addInitScript(() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
  }).observe({ type: "longtask", buffered: true });
  // A renderer tells that it has drawn; the event does not bubble, but it can be caught on its way down.
  document.addEventListener("drawn", () => (window.plotDrawn = true), { capture: true });
});

console.log("| what | value | goal | ratio | reached |\n|---|---|---|---|---|");
// Once to fill the service's memory, as a person's second look finds it.
const cold = await opened(page, address(options.dataset, { size: "96" }));
notes.push(`the first time, with nothing in the service's memory: rows ${cold.rows} ms, plot ${cold.plot} ms`);
const warm = await opened(page, address(options.dataset, { size: "96" }));
report("first rows after navigation", warm.rows, 1000);
report("first plot after navigation", warm.plot, 1500);
notes.push(`the plot says: ${await page.locator(".plot-words").first().innerText()}`);
report("jump to any row (median of 20)", median(await jumps(page)), 50);
await page.locator(".row-table").focus();
const ended = Date.now();
await page.keyboard.press("End");
const total = Number(await page.locator(".row-table").getAttribute("aria-rowcount")) - 1;
await page.locator(`.row[aria-rowindex="${total + 1}"]:not(.is-waiting)`).waitFor();
notes.push(`row ${total.toLocaleString("en-US")} is reached at 96 px in ${Date.now() - ended} ms`);
report("zoom, a frame (median of 30)", median(await zoomFrames(page)), 33);
report("pan, a frame (median of 30)", median(await panFrames(page)), 33);
const lasso = await lassoed(page);
report(`lasso of ${lasso.caught}`, lasso.took, 200);
const brush = await brushed(page);
if (brush) report("brush over a facet to the plot (median of 10)", median(brush), 100);
if (options.text) {
  const task = await longestTask(
    page,
    address(options.dataset, { facets: JSON.stringify([options.text]) }),
    options.text,
  );
  report(`longest task while filtering by ${options.text}`, task, 200);
}
report("JS heap", (await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0)) / 1e6, 300, "MB");
if (options.boxes) {
  const { frames, count } = await boxFrames(page, address(options.boxes));
  report(`drag of a box among ${count}, a frame (median of 60)`, median(frames), 33);
}
await browser.close();
for (const note of notes) console.log(`\n${note}`);
for (const failure of failures) console.log(`\nFAIL ${failure}`);
const missed = results.filter((isReached) => !isReached).length;
console.log(`\n${results.length - missed} reached, ${missed} not`);
process.exit(failures.length > 0 || (options.strict && missed > 0) ? 1 : 0);
