/** The other pages, and saved views, which lead to them. */
import assert from "node:assert/strict";
import { retry } from "../world.mjs";

export const pages = {
  "runs are listed and two are compared": async (page, { origin, runs, shot }) => {
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

  "a view is saved, opened again and removed": async (page, { workspace }) => {
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
};
