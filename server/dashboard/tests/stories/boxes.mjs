/** What is seen of boxes over all pictures: what they are filtered by, and how well they are predicted. */
import { strict as assert } from "node:assert";
import { matched, number, retry, rowsReady } from "../world.mjs";

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
    await facets.getByLabel("boxes area from", { exact: true }).fill(String(least));
    await page.keyboard.press("Enter");
    const isLarge = ({ label: name, box }) => name === label && box[2] * box[3] >= least;
    const large = ofClass.filter(({ boxes }) => boxes.some(isLarge));
    assert.ok(large.length > 0 && large.length < ofClass.length, `${large.length} of ${ofClass.length}`);
    await retry(async () => assert.equal(await matched(page), large.length));
    await facets.getByLabel(`${column} confidence to`).fill("0.9");
    await page.keyboard.press("Enter");
    const unsure = large.filter((row) => row[column].some(({ confidence }) => confidence <= 0.9));
    await retry(async () => assert.equal(await matched(page), unsure.length));
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
};
