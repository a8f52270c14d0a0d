/** States nobody wishes for: no service, a second tab, odd rows, a view that is not there. */
import { strict as assert } from "node:assert";
import { edits, matched, retry, rowsReady } from "../world.mjs";

export const states = {
  "the service is away: the page says so, keeps what was edited, and goes on by itself": async (
    page,
    { label, origin, workspace },
  ) => {
    if (!label?.editable) return "the dataset has no class that can be set";
    await page.goto(workspace());
    await rowsReady(page);
    const clean = await edits(page);
    await page.locator(".row").nth(2).click();
    await page.locator(".row-table").focus();
    await page.route("**/v1/**", (route) => route.abort());
    await page.keyboard.press("3");
    // A message that waits is announced by itself, and out of the tree of roles until it has the focus.
    const again = page.locator(".toast button", { hasText: "Apply it now" });
    await again.waitFor();
    await page.unroute("**/v1/**");
    await again.click();
    await retry(async () => assert.notEqual(await edits(page), clean));
    await page.locator(".row-table").focus();
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(page), clean));
    await page.route("**/v1/**", (route) => route.abort());
    await page.reload();
    const banner = page.locator(".banner");
    await banner.waitFor();
    assert.ok((await banner.innerText()).includes(new URL(origin).host));
    await page.unroute("**/v1/**");
    await rowsReady(page);
    await retry(async () => assert.equal(await banner.count(), 0));
  },

  "an edit of one tab is seen in the other, which can take it back": async (page, { label, workspace }) => {
    if (!label?.editable) return "the dataset has no class that can be set";
    const other = await page.context().newPage();
    for (const tab of [page, other]) {
      await tab.goto(workspace());
      await rowsReady(tab);
    }
    const clean = await edits(page);
    await page.locator(".row").nth(3).click();
    await page.locator(".row-table").focus();
    await page.keyboard.press("4");
    await retry(async () => assert.notEqual(await edits(page), clean));
    const edited = await edits(page);
    await retry(async () => assert.equal(await edits(other), edited));
    await other.locator(".row-table").focus();
    await other.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(other), clean));
    await retry(async () => assert.equal(await edits(page), clean));
  },

  "what is no number is said and counted, texts of any kind stay in their cells, and no picture has its reason": async (
    page,
    { addressOf, odd },
  ) => {
    if (!odd) return "there is no dataset of odd rows";
    await page.goto(addressOf(odd.dataset, { table: odd.table, facets: JSON.stringify(["score"]) }));
    await rowsReady(page);
    const total = await matched(page);
    const cellOf = (row, name) =>
      page.locator(`.row[aria-rowindex="${row + 2}"]`).evaluate((line, column) => {
        const names = [...document.querySelectorAll(".row-head [role=columnheader], [role=columnheader]")];
        const at = names.findIndex((head) => head.textContent.trim().startsWith(column));
        return line.children[at].textContent;
      }, name);
    await retry(async () =>
      assert.deepEqual(await Promise.all([0, 1, 2, 3].map((row) => cellOf(row, "score"))), ["null", "NaN", "∞", "−∞"]),
    );
    // Each kind of them is a filter.
    const facet = page.locator(".no-numbers").first();
    assert.deepEqual(await facet.locator("button").allInnerTexts(), ["1 null", "1 NaN", "1 ∞", "1 −∞"]);
    for (const [i, what] of ["null", "NaN", "∞", "−∞"].entries()) {
      await facet.locator("button").nth(i).click();
      await retry(async () => assert.equal(await matched(page), 1, what));
      await page.locator(".row-table").focus();
      await page.keyboard.press("d");
      await retry(async () => assert.equal(await matched(page), total));
    }
    const text = await cellOf(2, "text");
    assert.ok(text.length < 400 && text.includes("1,000,000 characters"), text.slice(0, 80));
    assert.equal(await cellOf(3, "text"), "مرحبا بالعالم");
    // Markup is a text, and nothing of it is run.
    assert.equal(await cellOf(5, "text"), "<img src=x onerror=alert(1)>");
    // A number of 301 digits is not written out.
    assert.equal(await cellOf(4, "score"), "1.000e+300");
    // Of the pictures one is broken: that is said, and all others are shown.
    await page.goto(addressOf(odd.dataset));
    await rowsReady(page);
    await page.locator(".row .thumbnail img").first().waitFor();
    await retry(async () => assert.equal(await page.locator(".thumbnail.is-missing").count(), 1));
    assert.match(await page.locator(".thumbnail.is-missing").getAttribute("title"), /missing|no picture/);
  },

  "a dataset, a revision and a page that are not there are said, with a way on": async (page, { dataset, origin }) => {
    const gone = "0".repeat(64);
    for (const [path, words] of [
      ["/datasets/no-such-dataset/at/main", /no-such-dataset/],
      [`/datasets/${encodeURIComponent(dataset)}/at/${gone}`, /000000/],
      ["/nothing/of/this", /no such page/],
    ]) {
      await page.goto(origin + path);
      await retry(async () => assert.match(await page.locator("main").innerText(), words));
    }
  },
};
