/** The frame: first page, links, keys and palette. */
import { strict as assert } from "node:assert";
import { matched, plotReady, retry, rowsReady } from "../world.mjs";

export const frame = {
  "the first page shows what there is": async (page, { origin, shot }) => {
    await page.goto(origin);
    await page.getByRole("heading", { name: "Datasets" }).waitFor();
    await page.locator(".dataset-card").first().waitFor();
    assert.ok((await page.locator(".dataset-card").count()) >= 1);
    await shot(page, "home");
  },

  "a link opens the workspace with rows, plots and filters": async (page, { shot, table, workspace }) => {
    await page.goto(workspace());
    await rowsReady(page);
    assert.equal(await matched(page), table.rows);
    assert.ok((await page.locator(".facet").count()) > 0);
    await plotReady(page).catch(() => {});
    await shot(page, "workspace");
  },

  "keys do nothing while a field has the focus": async (page, { table, workspace }) => {
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

  "the palette finds a command and the keys are listed": async (page, { workspace }) => {
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
};
