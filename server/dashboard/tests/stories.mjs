/**
 * The stories of the Dashboard in a real browser against a real service.
 *
 *     node tests/stories.mjs --url http://127.0.0.1:8000 [--dataset NAME] [--run NAME] [--mount DIR] [--only TEXT] [--shots DIR]
 *
 * The dataset needs a class column and, for the loop of corrections, a run with a loss. What a story edits it
 * takes back, but for the commit of the loop, which it reverts as a draft and commits again.
 */
import { strict as assert } from "node:assert";
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { openBrowser, violations } from "./browser.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    dataset: { type: "string" },
    run: { type: "string" },
    mount: { type: "string" },
    only: { type: "string" },
    shots: { type: "string" },
  },
});
if (!options.url) {
  console.error("usage: node tests/stories.mjs --url http://127.0.0.1:8000 [--dataset NAME] [--run NAME]");
  process.exit(2);
}
const origin = new URL(options.url).origin;
const api = async (path) => {
  const response = await fetch(`${origin}/v1${path}`);
  if (!response.ok) throw new Error(`${response.status} of ${path}: ${await response.text()}`);
  return response.json();
};
const { datasets } = await api("/datasets");
const dataset = options.dataset ?? datasets[0]?.name;
if (!dataset) throw new Error("the service has no dataset to tell stories of");
const { runs } = await api(`/runs?dataset=${encodeURIComponent(dataset)}`).catch(() => ({ runs: [] }));
const run = options.run ?? runs[0]?.name;
const { tables } = await api(`/datasets/${encodeURIComponent(dataset)}/at/main/tables`);
const table = tables.find(({ is_main }) => is_main) ?? tables.find(({ name }) => name === "samples") ?? tables[0];
const label = table.columns.find(({ role }) => role.kind === "label");
const workspace = (query = {}) => {
  const text = new URLSearchParams({ ...(run ? { run } : {}), ...query }).toString();
  return `${origin}/datasets/${encodeURIComponent(dataset)}/at/main${text ? `?${text}` : ""}`;
};
if (options.shots) mkdirSync(options.shots, { recursive: true });

const number = (text) => Number(text.replaceAll(",", "").match(/\d+/)?.[0] ?? Number.NaN);
const matched = async (page) => number((await page.locator(".matched").innerText()).split(" of ")[0]);
const selectedCount = async (page) => number(await page.locator(".chip.is-selection .chip-text").innerText());
const shot = async (page, name) => options.shots && (await page.screenshot({ path: `${options.shots}/${name}.png` }));
const rowsReady = (page) => page.locator(".row:not(.is-waiting)").first().waitFor();
/** The plot has drawn what it was told. */
const plotReady = async (page) => {
  await page.locator(".plot-canvas[data-renderer]").first().waitFor();
  await page.waitForTimeout(600);
};
const retry = async (check, times = 120) => {
  for (let i = 0; ; i++) {
    try {
      return await check();
    } catch (error) {
      if (i >= times) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

const stories = {
  "the first page shows what there is": async (page) => {
    await page.goto(origin);
    await page.getByRole("heading", { name: "Datasets" }).waitFor();
    await page.locator(".dataset-card").first().waitFor();
    assert.ok((await page.locator(".dataset-card").count()) >= 1);
    await shot(page, "home");
  },

  "a link opens the workspace with rows, plots and filters": async (page) => {
    await page.goto(workspace());
    await rowsReady(page);
    assert.equal(await matched(page), table.rows);
    assert.ok((await page.locator(".facet").count()) > 0);
    await plotReady(page).catch(() => {});
    await shot(page, "workspace");
  },

  "a filter is a chip, is in the link, and back takes it away": async (page) => {
    if (!label) return "the dataset has no class column";
    await page.goto(workspace());
    await rowsReady(page);
    await page.locator(".category input").first().check();
    await page.locator(".chips .chip").waitFor();
    const few = await retry(async () => {
      const now = await matched(page);
      assert.ok(now < table.rows, `${now} of ${table.rows}`);
      return now;
    });
    await page.reload();
    await rowsReady(page);
    await retry(async () => assert.equal(await matched(page), few));
    await page.goBack();
    await retry(async () => assert.equal(await matched(page), table.rows));
  },

  "the last row is reached with one key": async (page) => {
    await page.goto(workspace({ size: "96" }));
    await rowsReady(page);
    await page.locator(".row-table").focus();
    await page.keyboard.press("End");
    await retry(async () => {
      assert.equal(await page.locator(`.row[aria-rowindex="${table.rows + 1}"]:not(.is-waiting)`).count(), 1);
    });
  },

  "the picture beside a row is its own after a filter and a sort": async (page) => {
    const image = table.columns.find(({ role }) => role.kind === "image");
    if (!image || !label) return "the dataset has no pictures with classes";
    await page.goto(
      workspace({ order: `${label.name} desc`, cols: [image.name, label.name].map(encodeURIComponent).join(",") }),
    );
    await rowsReady(page);
    await page.locator(".row .thumbnail img").first().waitFor();
    const pairs = await page
      .locator(".row:has(img)")
      .evaluateAll((rows) =>
        rows.map((row) => [decodeURIComponent(row.querySelector("img").src), row.querySelector("bdi").textContent]),
      );
    assert.ok(pairs.length > 0);
    for (const [src, path] of pairs) assert.ok(src.split("?")[0].endsWith(path), `${src} beside ${path}`);
  },

  "keys do nothing while a field has the focus": async (page) => {
    await page.goto(workspace());
    await rowsReady(page);
    await page.locator("#facet-search").fill("");
    await page.locator("#facet-search").press("g");
    assert.ok(!page.url().includes("view=grid"));
    await page.locator(".row-table").focus();
    await page.keyboard.press("g");
    if (table.columns.some(({ role }) => role.kind === "image"))
      await retry(async () => assert.ok(page.url().includes("view=grid")));
  },

  "the palette finds a command and the keys are listed": async (page) => {
    await page.goto(workspace());
    await rowsReady(page);
    await page.keyboard.press("Control+k");
    await page.keyboard.type("settings");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
  },

  "the whole loop by keyboard: filter, select, relabel, undo, redo, commit, diff, give back": async (page) => {
    if (!label?.editable) return "the dataset has no class that can be set";
    const loss = run ? `${run}.loss` : null;
    const sql = loss ? `"${loss}" > 0` : `"${label.name}" IS NOT NULL`;
    await page.goto(workspace(loss ? { order: `"${loss}" desc` } : {}));
    await rowsReady(page);
    // Filter by an expression.
    await page.keyboard.press("/");
    await page.keyboard.press("Tab");
    await page.keyboard.type(sql);
    await page.keyboard.press("Enter");
    await page.locator(".chips .chip").waitFor();
    await rowsReady(page);
    // Select the first twelve.
    await page.locator(".row-table").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press(" ");
    for (let i = 1; i < 12; i++) {
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press(" ");
    }
    await retry(async () => assert.equal(await selectedCount(page), 12));
    await page.keyboard.press("2");
    const edits = () => page.locator(".draft-bar [aria-live]").innerText();
    await retry(async () => assert.match(await edits(), /set|changed/));
    await shot(page, "relabelled");
    // Undo, and do it again, after a reload: the draft is the service's.
    await page.reload();
    await rowsReady(page);
    await page.locator(".row-table").focus();
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(), "no edits"));
    await page.keyboard.press("Control+Shift+z");
    await retry(async () => assert.match(await edits(), /set|changed/));
    // Commit.
    await page.keyboard.press("Control+Enter");
    await page.getByRole("dialog", { name: "Commit to main" }).waitFor();
    await page.getByLabel("Message: why").fill("Relabel the twelve worst");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("dialog", { name: "Committed" }).waitFor();
    await shot(page, "committed");
    await page.keyboard.press("Escape");
    await retry(async () => assert.equal(await edits(), "no edits"));
    // The revision is in the history, and its diff gives the rows back as a draft.
    await page.locator(".row-table").focus();
    await page.keyboard.press("h");
    await page.getByText("Relabel the twelve worst").first().waitFor();
    await shot(page, "history");
    await page.getByRole("link", { name: "Changes" }).first().click();
    await page.locator(".confusion, table.list").first().waitFor();
    await shot(page, "diff");
    await page.getByRole("button", { name: /Give all/ }).click();
    await page
      .getByText(/given back/)
      .first()
      .waitFor();
    await page.goto(workspace());
    await rowsReady(page);
    await retry(async () => assert.match(await edits(), /set|changed/));
    await page.keyboard.press("Control+Enter");
    await page.getByLabel("Message: why").fill("Give the twelve back");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("dialog", { name: "Committed" }).waitFor();
  },

  "a lasso selects, and its rows are a filter by one key": async (page) => {
    await page.goto(workspace());
    await rowsReady(page);
    const plot = page.locator(".plot-frame canvas").first();
    const opens = await plot.waitFor({ timeout: 15_000 }).then(
      () => true,
      () => false,
    );
    if (!opens) return "no scatter plot opens by itself";
    await plotReady(page);
    const box = await page.locator(".plot-frame").first().boundingBox();
    const at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
    await page.mouse.move(...at(0.1, 0.1));
    await page.mouse.down();
    for (const [x, y] of [
      [0.6, 0.1],
      [0.6, 0.8],
      [0.1, 0.8],
      [0.1, 0.2],
    ])
      await page.mouse.move(...at(x, y), { steps: 4 });
    await page.mouse.up();
    await page.locator(".chip.is-selection").waitFor();
    const selected = await selectedCount(page);
    await shot(page, "lasso");
    await page.keyboard.press("e");
    await page.locator(".chips .chip").waitFor();
    // What the page caught is what the service finds, but for points on the very line.
    await retry(async () =>
      assert.ok(
        Math.abs((await matched(page)) - selected) <= Math.max(2, selected * 0.002),
        `${await matched(page)}, ${selected}`,
      ),
    );
  },

  "a box is moved by key and drawn by hand, and undo takes both back": async (page) => {
    const isBox = ({ role }) => /^box-(xywh|xyxy|cxcywhn)$/.test(role.kind);
    if (!tables.some((one) => one.columns.some((column) => isBox(column) && column.editable)))
      return "the dataset has no boxes";
    if (!table.columns.some(({ role }) => role.kind === "image")) return "the main table has no pictures";
    await page.goto(workspace());
    await rowsReady(page);
    const picture = page.locator(".picture-frame");
    const words = page.locator(".picture-part .push");
    for (let i = 0; ; i++) {
      if (i === 20) return "none of the first rows has a box";
      await page.locator(".row").nth(i).click();
      await picture.waitFor();
      await page.waitForTimeout(400);
      if (/[1-9]\d* box/.test(await words.innerText())) break;
    }
    const edits = () => page.locator(".draft-bar [aria-live]").innerText();
    const before = await edits();
    await picture.focus();
    await page.keyboard.press("n");
    await page.locator(".picture-active").waitFor();
    await page.keyboard.press("Shift+ArrowRight");
    await retry(async () => assert.notEqual(await edits(), before));
    const moved = await edits();
    await page.keyboard.press("Escape");
    await page.keyboard.press("b");
    const box = await picture.boundingBox();
    await page.mouse.move(box.x + box.width * 0.45, box.y + box.height * 0.45);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.55, box.y + box.height * 0.6, { steps: 5 });
    await page.mouse.up();
    await retry(async () => assert.notEqual(await edits(), moved));
    await shot(page, "boxes");
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(), moved));
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(), before));
  },

  "triage goes through the most suspicious rows": async (page) => {
    if (!run || !label?.editable) return "no run or class to be suspicious by";
    await page.goto(workspace({ mode: "triage" }));
    await page.locator(".triage-side").waitFor();
    await page.keyboard.press("s");
    await page.getByText(/^2 of/).waitFor();
    await shot(page, "triage");
  },

  "runs are listed and two are compared": async (page) => {
    await page.goto(`${origin}/runs`);
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    if (runs.length < 2) return "there are not two runs";
    await page.goto(
      `${origin}/runs/compare?runs=${runs
        .slice(0, 2)
        .map(({ name }) => encodeURIComponent(name))
        .join(",")}`,
    );
    await page.locator(".summary").waitFor();
    await shot(page, "compare");
  },

  "a view is saved, opened again and removed": async (page) => {
    await page.goto(workspace({ view: "grid" }));
    await page.getByRole("button", { name: "Saved views" }).click();
    await page.getByRole("menuitem", { name: "Save this view…" }).click();
    await page.getByLabel("Name of the view").fill("as a grid");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved the view as a grid").waitFor();
    await page.goto(workspace());
    await page.getByRole("button", { name: "Saved views" }).click();
    await page.getByRole("menuitem", { name: /^as a grid/ }).click();
    await retry(async () => assert.ok(page.url().includes("view=grid"), page.url()));
    await page.getByRole("button", { name: "Saved views" }).click();
    await page.getByRole("menuitem", { name: /^as a grid/ }).focus();
    await page.keyboard.press("Delete");
    await page.getByText("Removed the view as a grid").waitFor();
  },

  "no page breaks a rule of level AA, dark or light": async (page) => {
    const path = `/datasets/${encodeURIComponent(dataset)}`;
    const { revisions } = await api(`${path}/log?all=true&limit=50`);
    const child = revisions.find(({ parents }) => parents.length > 0);
    const pages = [
      "/",
      workspace().slice(origin.length),
      workspace({ view: "grid" }).slice(origin.length),
      workspace({ mode: "triage" }).slice(origin.length),
      `${path}/history`,
      ...(child ? [`${path}/diff?from=${child.parents[0]}&to=${child.revision}`] : []),
      `${path}/conflicts?branch=main`,
      "/runs",
      ...(runs.length > 1
        ? [`/runs/compare?runs=${runs.slice(0, 2).map(({ name }) => encodeURIComponent(name))}`]
        : []),
      "/settings",
      "/nothing",
    ];
    const found = [];
    for (const scheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const path of pages) {
        await page.goto(origin + path);
        await page.waitForTimeout(1500);
        for (const line of await violations(page)) found.push(`${scheme} ${path}: ${line}`);
        await shot(page, `${scheme}${path.replaceAll(/[^a-z]+/gi, "-").slice(0, 60)}`);
      }
      for (const [keys, name] of [
        ["?", "keys"],
        ["Control+k", "palette"],
      ]) {
        await page.goto(workspace());
        await rowsReady(page);
        await page.locator(".row").first().click();
        await page.waitForTimeout(800);
        await page.keyboard.press(keys);
        await page.getByRole("dialog").first().waitFor();
        for (const line of await violations(page)) found.push(`${scheme} ${name}: ${line}`);
        await shot(page, `${scheme}-${name}`);
      }
    }
    assert.deepEqual(found, []);
  },
};

let [passed, failed, skipped] = [0, 0, 0];
for (const [name, story] of Object.entries(stories)) {
  if (options.only && !name.includes(options.only)) continue;
  const { browser, page, failures } = await openBrowser(origin);
  try {
    const why = await story(page);
    assert.deepEqual(failures, []);
    if (why) {
      skipped++;
      console.log(`skip ${name}: ${why}`);
    } else {
      passed++;
      console.log(`ok   ${name}`);
    }
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n     ${String(error.message).split("\n").slice(0, 30).join("\n     ")}`);
    await shot(page, `failed-${name.replaceAll(/\W+/g, "-").slice(0, 50)}`).catch(() => {});
  } finally {
    await browser.close();
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);
