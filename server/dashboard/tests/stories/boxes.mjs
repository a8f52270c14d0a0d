/** What is seen of boxes over all pictures: what they are filtered by, and how well they are predicted. */
import { strict as assert } from "node:assert";
import { matched, retry, rowsReady } from "../world.mjs";

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
};
