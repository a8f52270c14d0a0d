/** What everybody can use: WCAG 2.2 AA in both themes. */
import { strict as assert } from "node:assert";
import { violations } from "../browser.mjs";
import { rowsReady } from "../world.mjs";

export const access = {
  "no page breaks a rule of level AA, dark or light": async (
    page,
    { addressOf, api, boxed, dataset, label, origin, run, runs, shot, workspace },
  ) => {
    const path = `/datasets/${encodeURIComponent(dataset)}`;
    const { revisions } = await api(`${path}/log?all=true&limit=50`);
    const child = revisions.find(({ parents }) => parents.length > 0);
    const scored = { actual: label?.name, predicted: `${run}.predicted` };
    const plots = run && label ? [{ kind: "trust", ...scored, confidence: `${run}.confidence` }] : [];
    const pages = [
      "/",
      workspace().slice(origin.length),
      workspace({ view: "grid" }).slice(origin.length),
      workspace({ mode: "triage" }).slice(origin.length),
      workspace({ plots: JSON.stringify(plots) }).slice(origin.length),
      addressOf(
        boxed.dataset,
        boxed.run ? { run: boxed.run, facets: JSON.stringify(["boxes", `${boxed.run}.boxes`]) } : {},
      ).slice(origin.length),
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
    const look = async (where) => {
      for (const scheme of ["dark", "light"]) {
        await page.emulateMedia({ colorScheme: scheme });
        await page.waitForTimeout(300);
        for (const line of await violations(page)) found.push(`${scheme} ${where}: ${line}`);
        await shot(page, `${scheme}${where.replaceAll(/[^a-z]+/gi, "-").slice(0, 60)}`);
      }
    };
    for (const path of pages) {
      await page.goto(origin + path);
      await page.waitForTimeout(1000);
      // With a row in hand the inspector has something to show.
      const row = page.locator(".row-table .row").first();
      if (await row.count()) await row.click();
      await page.waitForTimeout(700);
      await look(path);
    }
    for (const [keys, name] of [
      ["?", "-keys"],
      ["Control+k", "-palette"],
    ]) {
      await page.goto(workspace());
      await rowsReady(page);
      await page.locator(".row").first().click();
      await page.waitForTimeout(800);
      await page.keyboard.press(keys);
      await page.getByRole("dialog").first().waitFor();
      await look(name);
    }
    await page.keyboard.type("Edit the classes");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Classes" }).waitFor();
    await look("-classes");
    assert.deepEqual(found, []);
  },
};
