/** Ten thousand classes: what is not on the screen does not exist, and what is not shown is said. */
import { strict as assert } from "node:assert";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { edits, matched, number, plotReady, retry, rowsReady } from "../world.mjs";

const CLASSES = 10_000;
/** More elements than these slow every layout. */
const ELEMENTS_MAX = 4000;
/** Generous, since the machine may do other things: what is sorted once for each cell takes ten times this. */
const TASK_MS_MAX = 1500;

/** Makes a dataset of one file, and waits until its table is there. */
async function datasetOf({ api, mount }, name, file, content, table) {
  const folder = join(dirname(mount), name);
  mkdirSync(folder);
  writeFileSync(join(folder, file), content);
  await api("/datasets", { name, source: folder });
  await retry(async () => {
    const { tables } = await api(`/datasets/${name}/at/main/tables`);
    assert.ok(tables.some((one) => one.name === table));
  });
}

const elements = (page) => page.evaluate(() => document.querySelectorAll("*").length);

export const classes = {
  "ten thousand classes have their legend, facet, balance and confusion": async (page, world) => {
    const { addressOf, mount, shot } = world;
    if (!mount) return "the service may be elsewhere: it could not see the file";
    const name = `classes-${Date.now()}`;
    const lines = Array.from({ length: 3 * CLASSES }, (_, i) => {
      const label = i % CLASSES;
      // Of each seventh class one row in three is taken for the next class.
      const predicted = label % 7 === 0 && i < CLASSES ? label + 1 : label;
      return `${i},class ${label},class ${predicted},${Math.sin(i)},${Math.cos(i * 3)}`;
    });
    const csv = ["id,label,predicted,x,y", ...lines, ""].join("\n");
    await datasetOf(world, name, "rows.csv", csv, "rows");
    const open = async (plot, query = {}) => {
      await page.goto(
        addressOf(name, {
          table: "rows",
          renderer: "cpu",
          plots: JSON.stringify([plot]),
          facets: '["label"]',
          ...query,
        }),
      );
      await rowsReady(page);
    };
    await page.addInitScript(() => {
      window.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
      }).observe({ type: "longtask", buffered: true });
    });
    await open({ kind: "scatter", x: "x", y: "y", colour: "label" });
    await plotReady(page);
    const legend = page.locator(".legend-classes");
    await legend.getByRole("button").first().waitFor();
    assert.equal(await legend.locator("li").first().getAttribute("aria-setsize"), String(CLASSES));
    await legend.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await retry(async () =>
      assert.equal(await legend.locator("li").last().getAttribute("aria-posinset"), String(CLASSES)),
    );
    await page.getByLabel("Search the classes of the legend").fill("class 9999");
    await legend.getByRole("button", { name: "class 9999" }).dblclick();
    await retry(async () => assert.match(await page.locator(".plot").first().innerText(), /\b3 of 30,000 points/));
    const facet = page.locator(".categories");
    await facet.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await retry(async () =>
      assert.equal(await facet.locator("li").last().getAttribute("aria-posinset"), String(CLASSES)),
    );
    assert.ok((await elements(page)) < ELEMENTS_MAX, `${await elements(page)} elements`);
    const longest = await page.evaluate(() => window.longest);
    assert.ok(longest < TASK_MS_MAX, `the page stood still for ${longest} ms`);
    await shot(page, "ten-thousand-classes");
    await facet.locator("input").last().check();
    await retry(async () => assert.equal(await matched(page), 3));

    await open({ kind: "classes", column: "label" });
    const bars = page.locator(".bars");
    await retry(async () =>
      assert.equal(await bars.locator("li").first().getAttribute("aria-setsize"), String(CLASSES)),
    );
    await open({ kind: "confusion", actual: "label", predicted: "predicted" });
    await page.getByLabel("Classes of the matrix").waitFor();
    assert.equal(await page.locator(".confusion tbody tr").count(), 12);
    await page.getByLabel("Classes of the matrix").selectOption("60");
    assert.equal(await page.locator(".confusion tbody tr").count(), 60);
    await shot(page, "confusion-of-ten-thousand");
    await page.getByRole("button", { name: "As a list" }).click();
    const mistakes = Math.ceil(CLASSES / 7);
    assert.equal(number(await page.locator(".plot .plot-words").innerText()), mistakes);
    await bars.getByRole("button").first().click();
    await retry(async () => assert.equal(await matched(page), 1));
    await open(
      { kind: "confusion", actual: "label", predicted: "predicted" },
      { q: '[[{"kind":"sql","sql":"id < 8"}]]' },
    );
    await retry(async () => assert.match(await page.locator(".confusion").innerText(), /class 7/));
    assert.equal(await page.locator(".confusion .is-wrong:not([disabled])").count(), 2);
  },

  "ten thousand classes of a class map are searched, renamed and merged": async (page, world) => {
    const { addressOf, api, mount, shot } = world;
    if (!mount) return "the service may be elsewhere: it could not see the file";
    const name = `class-map-${Date.now()}`;
    const coco = {
      images: [{ id: 1, file_name: "1.png", width: 64, height: 64 }],
      categories: Array.from({ length: CLASSES }, (_, i) => ({ id: i + 1, name: `thing ${i + 1}` })),
      annotations: Array.from({ length: 2 * CLASSES }, (_, i) => ({
        id: i + 1,
        image_id: 1,
        category_id: (i % CLASSES) + 1,
        bbox: [1, 2, 3, 4],
        area: 12,
        iscrowd: 0,
      })),
    };
    await datasetOf(world, name, "coco.json", JSON.stringify(coco), "coco.annotations");
    await page.goto(addressOf(name, { table: "coco.annotations", plots: "[]", facets: "[]" }));
    await rowsReady(page);
    const command = async (title) => {
      await page.keyboard.press("Control+k");
      await page.keyboard.type(title);
      await page.keyboard.press("Enter");
    };
    await command("Edit the classes");
    const sheet = page.getByRole("dialog");
    const lines = sheet.locator(".class-lines");
    await retry(async () =>
      assert.equal(await lines.locator("li").first().getAttribute("aria-setsize"), String(CLASSES)),
    );
    assert.ok((await elements(page)) < ELEMENTS_MAX, `${await elements(page)} elements`);
    await sheet.getByLabel("Search the classes").fill("thing 9999");
    await shot(page, "class-map");
    const field = sheet.getByLabel("New name of thing 9999");
    await field.fill("last but one");
    await field.press("Enter");
    await retry(async () => assert.equal((await edits(page)).match(/no edits/), null));
    await sheet.getByLabel("Search the classes").fill("thing 123");
    const merge = sheet.getByLabel("Merge thing 123 into", { exact: true });
    await merge.fill("last but one");
    const button = sheet.getByRole("listitem").first().getByRole("button", { name: "Merge" });
    await retry(async () => assert.ok(await button.isEnabled()));
    await merge.press("Enter");
    await retry(async () => {
      const of = `/datasets/${name}/at/draft:main/tables/coco.annotations/rows?limit=0&where=`;
      assert.equal((await api(`${of}category_id%20%3D%209999`)).matched, 4);
    });
  },
};
