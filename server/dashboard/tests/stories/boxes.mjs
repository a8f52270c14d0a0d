/** What is seen of boxes over all pictures: what they are filtered by, and how well they are predicted. */
import { strict as assert } from "node:assert";
import { matched, number, plotReady, retry, rowsReady } from "../world.mjs";

/** The rows that list boxes, as the service has them. */
async function picturesOf(api, { dataset, table, run }) {
  const of = `/datasets/${dataset}/at/main/tables/${table.name}`;
  return (await api(`${of}/rows?limit=10000${run ? `&run=${run}` : ""}`)).rows;
}

export const boxes = {
  "a row shows if one of its boxes is of the class, the area and the confidence": async (
    page,
    { addressOf, api, boxed, shot },
  ) => {
    const column = boxed.run && `${boxed.run}.boxes`;
    if (!column || !boxed.table.columns.some(({ name }) => name === "boxes")) return "no row lists its boxes";
    const pictures = await picturesOf(api, boxed);
    await page.goto(addressOf(boxed.dataset, { run: boxed.run, facets: JSON.stringify(["boxes", column]) }));
    await rowsReady(page);
    const facets = page.locator(".facets");
    const label = pictures.find(({ boxes }) => boxes.length > 0).boxes[0].label;
    const ofClass = pictures.filter(({ boxes }) => boxes.some((one) => one.label === label));
    await facets.locator(".category", { hasText: label }).first().locator("input").check();
    await retry(async () => assert.equal(await matched(page), ofClass.length));
    const least = 500;
    // While the facets are drawn anew for the class, a field may be another one between the text and Enter.
    const bound = (name, value, count) =>
      retry(async () => {
        await facets.getByLabel(name, { exact: true }).fill(value);
        await page.keyboard.press("Enter");
        await page.waitForTimeout(500);
        assert.equal(await matched(page), count);
      });
    const isLarge = ({ label: name, box }) => name === label && box[2] * box[3] >= least;
    const large = ofClass.filter(({ boxes }) => boxes.some(isLarge));
    assert.ok(large.length > 0 && large.length < ofClass.length, `${large.length} of ${ofClass.length}`);
    await bound("boxes area from", String(least), large.length);
    const unsure = large.filter((row) => row[column].some(({ confidence }) => confidence <= 0.9));
    await bound(`${column} confidence to`, "0.9", unsure.length);
    await shot(page, "instance-facets");
    await page.reload();
    await rowsReady(page);
    await retry(async () => assert.equal(await matched(page), unsure.length));
    await facets.locator(".category.is-on input").uncheck();
    await facets.getByLabel("boxes area from", { exact: true }).fill("");
    await page.keyboard.press("Enter");
    await retry(async () => assert.equal(await page.locator(".chips .chip").count(), 1));
  },

  "each class has its precision and recall, and one of them is shown large": async (
    page,
    { addressOf, api, boxed, label, path, run, shot, table, workspace },
  ) => {
    if (!run || !label) return "there is no run to score";
    const trust = { kind: "trust", actual: label.name, predicted: `${run}.predicted`, confidence: `${run}.confidence` };
    await page.goto(workspace({ plots: JSON.stringify([trust]) }));
    await rowsReady(page);
    const curves = page.locator(".class-curve");
    await curves.first().waitFor();
    const averages = await curves.locator(".quiet").allInnerTexts();
    const shares = averages.map((text) => Number.parseFloat(text.replace("AP ", "")));
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    const worst = await curves.first().locator("bdi").innerText();
    await curves.first().click();
    const where = encodeURIComponent(`"${run}.predicted" = '${worst}'`);
    const said = await api(`${path}/at/main/tables/${table.name}/rows?run=${run}&limit=1&where=${where}`);
    await retry(async () => assert.equal(number(await page.locator(".trust .plot-words").innerText()), said.matched));
    await page.getByRole("img", { name: `recall of ${worst}` }).waitFor();
    await shot(page, "class-curves");
    if (!boxed.run) return;
    await page.goto(
      addressOf(boxed.dataset, { run: boxed.run, conf: "0", plots: JSON.stringify([{ kind: "detection" }]) }),
    );
    await curves.first().waitFor();
    const name = await curves.first().locator("bdi").innerText();
    const line = page.locator(".plot-scroll tbody tr", { has: page.getByText(name, { exact: true }) });
    assert.equal(
      await curves.first().locator(".quiet").innerText(),
      `AP ${await line.locator("td").last().innerText()}`,
    );
  },

  "what is measured of a picture's boxes is a column: shown, sorted by, filtered by and a plot's axis": async (
    page,
    { addressOf, api, boxed, shot },
  ) => {
    if (!boxed.run) return "no run has predicted boxes";
    const plots = JSON.stringify([{ kind: "detection" }]);
    const [floor, least] = [0.6, 0.4];
    await page.goto(addressOf(boxed.dataset, { run: boxed.run, conf: String(floor), iou: String(least), plots }));
    await rowsReady(page);
    await page.getByRole("button", { name: /^Keep as columns/ }).click();
    await page.getByRole("button", { name: "Kept as columns" }).waitFor();
    const head = page.getByRole("columnheader", { name: `${boxed.run}.box_iou` });
    await head.getByRole("button").click();
    await head.getByRole("button").click();
    const pictures = await picturesOf(api, boxed);
    const of = (row, name) => row[`${boxed.run}.box_${name}`];
    for (const row of pictures) {
      const sure = row[`${boxed.run}.boxes`].filter(({ confidence }) => confidence >= floor);
      assert.equal(of(row, "tp") + of(row, "fn"), row.boxes.length, row._key);
      assert.equal(of(row, "tp") + of(row, "fp"), sure.length, row._key);
      const areas = row.boxes.map(({ box }) => box[2] * box[3]);
      const mean = areas.reduce((sum, one) => sum + one, 0) / areas.length;
      assert.ok(Math.abs(of(row, "area") - mean) < 1e-6, row._key);
    }
    const worst = Math.min(...pictures.map((row) => of(row, "iou")));
    const key = page.locator(".row").first().getByRole("gridcell").nth(4);
    await retry(async () => {
      const first = await key.innerText();
      assert.equal(of(pictures.find(({ _key }) => _key === first) ?? {}, "iou"), worst);
    });
    await shot(page, "measured-boxes");
    // Other limits: the columns are no longer what they would be.
    await page.goto(addressOf(boxed.dataset, { run: boxed.run, conf: String(floor), iou: "0.5", plots }));
    await page.getByRole("button", { name: "Keep as columns again" }).waitFor();
    const [x, y, colour] = ["area", "iou", "fn"].map((name) => `${boxed.run}.box_${name}`);
    const missed = pictures.filter((row) => of(row, "fn") >= 2).length;
    await page.goto(
      addressOf(boxed.dataset, {
        run: boxed.run,
        plots: JSON.stringify([{ kind: "scatter", x, y, colour }]),
        q: JSON.stringify([[{ kind: "range", column: colour, low: 2, high: null }]]),
      }),
    );
    await rowsReady(page);
    await plotReady(page);
    await page.locator(".legend-ramp").waitFor();
    await retry(async () => assert.equal(await matched(page), missed));
  },
};
