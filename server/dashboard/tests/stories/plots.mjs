/** Plots: what is drawn and what is caught. */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { pictureDiffers } from "../pictures.mjs";
import { matched, plotReady, retry, rowsReady, selectedCount } from "../world.mjs";

export const plots = {
  "a lasso selects, and its rows are a filter by one key": async (page, { shot, workspace }) => {
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

  "the plots that are drawn without a graphics card look as they did": async (page, { run, runs, workspace }) => {
    const other = runs.find(({ name }) => name !== run)?.name;
    if (!run || !other) return "there are not two runs to plot";
    const [x, y, z] = [`${run}.confidence`, `${run}.loss`, `${other}.loss`];
    const scatter = { kind: "scatter", x, y, colour: `${run}.predicted` };
    const wanted = {
      points: scatter,
      density: { ...scatter, mode: "density" },
      "points-3d": { ...scatter, z },
    };
    const found = [];
    for (const [name, plot] of Object.entries(wanted)) {
      await page.goto(workspace({ run2: other, renderer: "cpu", plots: JSON.stringify([plot]) }));
      await rowsReady(page);
      await plotReady(page);
      const canvas = page.locator(".plot-canvas").first();
      assert.equal(await canvas.getAttribute("data-renderer"), "cpu");
      const differs = await pictureDiffers(canvas, name);
      if (differs) found.push(differs);
    }
    assert.deepEqual(found, []);
  },

  "a plot is told as a table, and its points grow by a column": async (page, { run, table, workspace }) => {
    if (!run) return "there is no run to plot";
    const plot = { kind: "scatter", x: `${run}.confidence`, y: `${run}.loss`, colour: `${run}.predicted` };
    await page.goto(workspace({ renderer: "cpu", plots: JSON.stringify([plot]) }));
    await rowsReady(page);
    await plotReady(page);
    await page.getByRole("button", { name: "As a table" }).click();
    const points = await page
      .locator(".plot-scroll tbody tr td:nth-child(2)")
      .evaluateAll((cells) => cells.map((cell) => Number(cell.textContent.replaceAll(",", ""))));
    assert.ok(points.length > 1, "each class has a line");
    assert.equal(
      points.reduce((sum, one) => sum + one, 0),
      table.rows,
    );
    await page.getByRole("button", { name: "As a table" }).click();
    const canvas = page.locator(".plot-canvas").first();
    await plotReady(page);
    const pixels = () => canvas.evaluate((element) => element.toDataURL("image/png"));
    const before = await pixels();
    await page.getByLabel("Size by").selectOption(`${run}.loss`);
    await retry(async () => assert.notEqual(await pixels(), before));
    await retry(async () => assert.match(page.url(), /sizeBy/));
    await page.getByLabel("Size by").selectOption("");
    await retry(async () => assert.equal(await pixels(), before));
  },

  "a chart is saved as a picture": async (page, { run, workspace }) => {
    if (!run) return "there is no run to plot";
    const plots = [
      { kind: "histogram", column: `${run}.loss` },
      { kind: "scatter", x: `${run}.confidence`, y: `${run}.loss` },
    ];
    for (const plot of plots) {
      await page.goto(workspace({ plots: JSON.stringify([plot]) }));
      await rowsReady(page);
      const button = page.locator(".plot").getByRole("button", { name: /as PNG/ });
      await button.waitFor();
      await page.waitForTimeout(500);
      const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
      const bytes = readFileSync(await download.path());
      assert.equal(bytes.toString("latin1", 1, 4), "PNG");
      assert.ok(bytes.length > 2000, `${bytes.length} bytes`);
    }
  },
};
