/** Filters and rows. */
import { strict as assert } from "node:assert";
import { matched, retry, rowsReady } from "../world.mjs";

export const rows = {
  "a filter is a chip, is in the link, and back takes it away": async (page, { label, table, workspace }) => {
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

  "the last row is reached with one key": async (page, { table, workspace }) => {
    await page.goto(workspace({ size: "96" }));
    await rowsReady(page);
    await page.locator(".row-table").focus();
    await page.keyboard.press("End");
    await retry(async () => {
      assert.equal(await page.locator(`.row[aria-rowindex="${table.rows + 1}"]:not(.is-waiting)`).count(), 1);
    });
  },

  "the picture beside a row is its own after a filter and a sort": async (page, { label, table, workspace }) => {
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

  "rows that were looked at are marked, and shown alone or left out": async (page, { shot, table, workspace }) => {
    if (!table.key) return "the rows have no key to be remembered by";
    await page.goto(workspace());
    await rowsReady(page);
    const marks = page.getByRole("img", { name: "visited" });
    assert.equal(await marks.count(), 0);
    for (const line of [1, 3, 4]) {
      await page.locator(".row").nth(line).click();
      await page.locator(".row.is-focused").waitFor();
    }
    await retry(async () => assert.equal(await marks.count(), 3));
    await page.getByRole("button", { name: "visited", exact: true }).click();
    await retry(async () => assert.equal(await matched(page), 3));
    await shot(page, "visited");
    await page.locator(".chip-text").first().click();
    await retry(async () => assert.equal(await matched(page), table.rows - 3));
    await page.goto(workspace());
    await rowsReady(page);
    await retry(async () => assert.equal(await marks.count(), 3));
    assert.deepEqual(
      await page
        .locator(".row")
        .evaluateAll((rows) => rows.slice(0, 5).map((row) => !!row.querySelector("[aria-label=visited]"))),
      [false, true, false, true, true],
    );
  },
};
