/** Plots: what is drawn and what is caught. */
import { strict as assert } from "node:assert";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { columnFromArray, fixedSizeList, float32, tableFromColumns, tableToIPC } from "@uwdata/flechette";
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

  "vectors of a table and of a run become the axes of a plot": async (page, { addressOf, api, mount, shot }) => {
    if (!mount) return "the service may be elsewhere: it could not see a file of vectors";
    const name = `vectors-${Date.now()}`;
    const folder = join(dirname(mount), name);
    mkdirSync(folder);
    const vectors = Array.from({ length: 300 }, (_, row) =>
      Array.from({ length: 8 }, (_, part) => (part < 4 ? row % 3 : 0) + Math.sin(row * 7 + part) / 5),
    );
    const columns = {
      label: columnFromArray(vectors.map((_, row) => "abc"[row % 3])),
      embedding: columnFromArray(vectors, fixedSizeList(float32(), 8)),
    };
    writeFileSync(join(folder, "vectors.arrow"), tableToIPC(tableFromColumns(columns), { format: "file" }));
    try {
      await api("/datasets", { name, source: folder });
      const at = `/datasets/${name}/at/main/tables`;
      const { tables } = await retry(() => api(at));
      const { columns: known } = tables.find(({ name: table }) => table === "vectors");
      assert.equal(known.find(({ role }) => role.kind === "embedding")?.name, "embedding");
      await page.goto(addressOf(name, { table: "vectors", renderer: "cpu", plots: "[]" }));
      await rowsReady(page);
      await page.getByRole("button", { name: "Reduce and plot" }).click();
      await retry(async () => assert.match(page.url(), /run=embedding-pca/));
      await plotReady(page);
      await shot(page, "reduced");
      const { rows } = await api(`${at}/vectors/rows?run=embedding-pca&limit=300`);
      // Three heaps along the first axis, in the order of the class or against it.
      const placeOf = (row) => row["embedding-pca.x"];
      assert.ok(rows.every((row) => Number.isFinite(placeOf(row)) && Number.isFinite(row["embedding-pca.y"])));
      const mean = (label) => {
        const places = rows.filter((row) => row.label === label).map(placeOf);
        return places.reduce((sum, one) => sum + one, 0) / places.length;
      };
      const [a, b, c] = ["a", "b", "c"].map(mean);
      assert.ok(Math.abs(a - c) > 3 && Math.abs(b - (a + c) / 2) < 0.5, `${a} ${b} ${c}`);
      // The places are columns like others.
      await page.goto(
        addressOf(name, {
          table: "vectors",
          run: "embedding-pca",
          q: JSON.stringify([[{ kind: "range", column: "embedding-pca.x", low: (a + b) / 2, high: null }]]),
        }),
      );
      await rowsReady(page);
      await retry(async () =>
        assert.equal(await matched(page), rows.filter((row) => placeOf(row) >= (a + b) / 2).length),
      );
      await api("/runs", { name: "looker", dataset: name, table: "vectors", kind: "evaluation" });
      const sample = rows.map(({ _key }) => _key);
      await api("/runs/looker/batches/1", { columns: { sample, epoch: 0, vector: vectors } }, "PUT");
      await page.goto(addressOf(name, { table: "vectors", run: "looker", renderer: "cpu", plots: "[]" }));
      await rowsReady(page);
      await page.getByLabel("Embedding to axes").selectOption("looker.vector");
      await page.getByLabel("Dimensions").selectOption("3");
      await page.getByRole("button", { name: "Reduce and plot" }).click();
      await page.getByRole("tab", { name: "looker.x × looker.y × looker.z" }).waitFor();
      await plotReady(page);
    } finally {
      for (const run of (await api(`/runs?dataset=${name}`)).runs) await api(`/runs/${run.name}`, undefined, "DELETE");
    }
  },
};
