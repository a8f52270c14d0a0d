/** Editing: the loop of corrections, boxes, triage. */
import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { edits, matched, number, retry, rowsReady, selectedCount } from "../world.mjs";

const TWELVE = 12;

export const editing = {
  "the whole loop by keyboard: filter, select, relabel, undo, redo, commit, the mount has it, diff, give back": async (
    page,
    { label, mount, run, shot, workspace },
  ) => {
    if (!label?.editable) return "the dataset has no class that can be set";
    const loss = run ? `${run}.loss` : null;
    const sql = loss ? `"${loss}" > 0` : `"${label.name}" IS NOT NULL`;
    await page.goto(workspace(loss ? { order: `"${loss}" desc` } : {}));
    await rowsReady(page);
    // Filter by an expression.
    await page.keyboard.press("/");
    await page.keyboard.press("Tab");
    await page.keyboard.type(sql);
    await page.keyboard.press("Enter");
    await page.locator(".chips .chip").waitFor();
    await rowsReady(page);
    // Select the first twelve.
    await page.locator(".row-table").focus();
    for (let i = 0; i < TWELVE; i++) {
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press(" ");
    }
    await retry(async () => assert.equal(await selectedCount(page), TWELVE));
    await page.keyboard.press("2");
    await retry(async () => assert.match(await edits(page), /set|changed/));
    await shot(page, "relabelled");
    // Undo, and do it again, after a reload: the draft is the service's.
    await page.reload();
    await rowsReady(page);
    await page.locator(".row-table").focus();
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(page), "no edits"));
    await page.keyboard.press("Control+Shift+z");
    await retry(async () => assert.match(await edits(page), /set|changed/));
    // Commit, from a row that has the focus.
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("dialog", { name: "Commit to main" }).waitFor();
    await page.getByLabel("Message: why").fill("Relabel the twelve worst");
    await page.keyboard.press("Control+Enter");
    const committed = page.getByRole("dialog", { name: "Committed" });
    await committed.waitFor();
    if (mount) assert.ok((await committed.innerText()).includes(mount), "the page says which mount has moved");
    await shot(page, "committed");
    await page.keyboard.press("Escape");
    await retry(async () => assert.equal(await edits(page), "no edits"));
    // The revision is in the history, and its diff gives the rows back as a draft.
    await page.locator(".row-table").focus();
    await page.keyboard.press("h");
    await page.getByText("Relabel the twelve worst").first().waitFor();
    await shot(page, "history");
    await page.getByRole("link", { name: "Changes" }).first().click();
    await page.locator("tbody tr .after").first().waitFor();
    const changes = await page
      .locator("tr:has(> .after)")
      .evaluateAll((rows) =>
        rows.map((row) => [
          row.querySelector("a bdi").textContent,
          row.querySelector(".before").textContent,
          row.querySelector(".after").textContent,
        ]),
      );
    assert.ok(changes.length > 0 && changes.length <= TWELVE, `${changes.length} changes`);
    // The class of an image is the folder that a program reads it from.
    for (const [key, before, after] of mount ? changes : []) {
      await retry(async () => assert.ok(existsSync(join(mount, after, basename(key))), `${after}/${basename(key)}`));
      assert.ok(!existsSync(join(mount, before, basename(key))), `${before}/${basename(key)}`);
    }
    await shot(page, "diff");
    await page.getByRole("button", { name: /Give all/ }).click();
    await page
      .getByText(/given back/)
      .first()
      .waitFor();
    await page.goto(workspace());
    await rowsReady(page);
    await retry(async () => assert.match(await edits(page), /set|changed/));
    await page.keyboard.press("Control+Enter");
    await page.getByLabel("Message: why").fill("Give the twelve back");
    await page.keyboard.press("Control+Enter");
    await committed.waitFor();
    for (const [key, before] of mount ? changes : []) {
      await retry(async () => assert.ok(existsSync(join(mount, before, basename(key))), `${before}/${basename(key)}`));
    }
  },

  "a cell that is typed is set once by Enter, and left as it was by Escape": async (page, { addressOf, api, odd }) => {
    if (!odd) return "there is no dataset of odd rows";
    const drafts = `/datasets/${odd.dataset}/drafts/main`;
    await page.goto(addressOf(odd.dataset, { table: odd.table }));
    await rowsReady(page);
    const head = page.getByRole("columnheader", { name: "score", exact: true });
    const place = await head.evaluate((cell) => [...cell.parentElement.children].indexOf(cell));
    const cell = page.locator(".row").nth(1).getByRole("gridcell").nth(place);
    const clean = await edits(page);
    await cell.dblclick();
    await page.keyboard.type("4321");
    await page.keyboard.press("Escape");
    await page.waitForTimeout(500);
    assert.equal(await edits(page), clean);
    await cell.dblclick();
    await page.keyboard.type("4321");
    await page.keyboard.press("Enter");
    await retry(async () => assert.notEqual(await edits(page), clean));
    await page.waitForTimeout(500);
    assert.equal(await page.getByText(/failed/).count(), 0);
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(page), clean));
    assert.equal((await api(drafts)).can_undo, null, "it was one step");
  },

  "a box is moved by key and drawn by hand, and undo takes both back": async (page, { addressOf, boxed, shot }) => {
    const isBox = ({ role }) => /^box-(xywh|xyxy|cxcywhn)$/.test(role.kind);
    if (!boxed.tables.some((one) => one.columns.some((column) => isBox(column) && column.editable)))
      return "the dataset has no boxes";
    if (!boxed.table.columns.some(({ role }) => role.kind === "image")) return "the main table has no pictures";
    await page.goto(addressOf(boxed.dataset));
    await rowsReady(page);
    const picture = page.locator(".picture-frame");
    const words = page.locator(".picture-part .push");
    for (let i = 0; ; i++) {
      if (i === 20) return "none of the first rows has a box";
      await page.locator(".row").nth(i).click();
      await picture.waitFor();
      await page.waitForTimeout(400);
      if (/[1-9]\d* box/.test(await words.innerText())) break;
    }
    const before = await edits(page);
    await picture.focus();
    await page.keyboard.press("n");
    await page.locator(".picture-active").waitFor();
    await page.keyboard.press("Shift+ArrowRight");
    await retry(async () => assert.notEqual(await edits(page), before));
    const moved = await edits(page);
    assert.ok((await page.locator(".picture-active").count()) >= 1, "the box stays in hand");
    await page.keyboard.press("Escape");
    await page.keyboard.press("b");
    const box = await picture.boundingBox();
    await page.mouse.move(box.x + box.width * 0.45, box.y + box.height * 0.45);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.55, box.y + box.height * 0.6, { steps: 5 });
    await page.mouse.up();
    await retry(async () => assert.notEqual(await edits(page), moved));
    await shot(page, "boxes");
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(page), moved));
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(page), before));
  },

  "a point of an outline is dragged, and moved with the arrows": async (page, { addressOf, boxed }) => {
    const has = ({ columns }) => columns.some(({ role, editable }) => role.kind === "mask" && editable);
    if (!boxed.tables.some(has)) return "the dataset has no outlines";
    await page.goto(addressOf(boxed.dataset));
    await rowsReady(page);
    await page.locator(".row").first().click();
    const clean = await edits(page);
    await page.locator(".picture-frame").waitFor();
    await retry(async () => {
      await page.locator(".picture-frame").focus();
      await page.keyboard.press("n");
      await page.locator(".picture-shape circle").first().waitFor({ timeout: 500 });
    }, 10);
    const point = page.locator(".picture-shape circle").first();
    const corners = () => page.locator(".picture-shape polygon").first().getAttribute("points");
    const before = await corners();
    const { x, y } = await point.boundingBox();
    await page.mouse.move(x + 3, y + 3);
    await page.mouse.down();
    await page.mouse.move(x + 23, y + 18, { steps: 4 });
    await page.mouse.up();
    await retry(async () => assert.notEqual(await edits(page), clean));
    const dragged = await corners();
    assert.notEqual(dragged, before);
    await page.waitForTimeout(500);
    assert.equal(await corners(), dragged, "it stays where it was let go");
    await point.focus();
    await page.keyboard.press("ArrowRight");
    await retry(async () => assert.notEqual(await corners(), dragged));
    await page.locator(".row-table").focus();
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await corners(), dragged));
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(page), clean));
    await retry(async () => assert.equal(await corners(), before));
  },

  "predicted boxes are told from true ones, and accepted": async (page, { addressOf, boxed, shot }) => {
    if (!boxed.run) return "no run has predicted boxes";
    await page.goto(addressOf(boxed.dataset, { run: boxed.run, conf: "0" }));
    await rowsReady(page);
    const bar = page.locator(".guess-bar p");
    for (let i = 0; ; i++) {
      assert.ok(i < 20, "one of the first pictures has a prediction of another class");
      await page.locator(".row").nth(i).click();
      await page.locator(".picture-frame").waitFor();
      await page.waitForTimeout(400);
      if (/[1-9]\d* of another class/.test(await bar.innerText())) break;
    }
    const confused = async () => number(/(\d+) of another class/.exec(await bar.innerText())[1]);
    const before = await confused();
    const clean = await edits(page);
    await shot(page, "predicted");
    await page.locator(".picture-frame").focus();
    await page.keyboard.press("Shift+A");
    await retry(async () => assert.equal(await confused(), 0));
    assert.match(await bar.innerText(), /0 where nothing is/);
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(page), clean));
    await retry(async () => assert.equal(await confused(), before));
    // What is not sure enough is not shown, and the link says from where on.
    await page.goto(addressOf(boxed.dataset, { run: boxed.run, conf: "1" }));
    await rowsReady(page);
    await page.locator(".row").first().click();
    await retry(async () => assert.match(await bar.innerText(), /: 0 predicted boxes of [1-9]/));
  },

  "predicted boxes are scored by class, a fault shows its pictures, and all are accepted at once": async (
    page,
    { addressOf, boxed, shot },
  ) => {
    if (!boxed.run) return "no run has predicted boxes";
    const plots = JSON.stringify([{ kind: "detection" }]);
    await page.goto(addressOf(boxed.dataset, { run: boxed.run, conf: "0", plots }));
    await rowsReady(page);
    const words = page.locator(".plot-words").first();
    await retry(async () => assert.equal(number(await words.innerText()), boxed.table.rows));
    await shot(page, "detection");
    const fault = page.getByRole("button", { name: /^[1-9][\d,]* pictures? with/ });
    const pictures = number(await fault.first().innerText());
    await fault.first().click();
    await page.locator(".chips .chip").waitFor();
    await retry(async () => assert.equal(await matched(page), pictures));
    await page.locator(".row-table").focus();
    await page.keyboard.press("d");
    await retry(async () => assert.equal(await matched(page), boxed.table.rows));
    const clean = await edits(page);
    await page.getByRole("button", { name: "Select all" }).click();
    await page.getByRole("button", { name: "Accept predictions" }).click();
    await retry(async () => assert.notEqual(await edits(page), clean));
    // What was missed is still there; all that was predicted is true now.
    await retry(async () => assert.equal(await page.getByRole("button", { name: /^0 pictures with/ }).count(), 2));
    await page.locator(".row-table").focus();
    await page.keyboard.press("Control+z");
    await retry(async () => assert.equal(await edits(page), clean));
  },

  "triage goes through the most suspicious rows": async (page, { label, run, shot, workspace }) => {
    if (!run || !label?.editable) return "no run or class to be suspicious by";
    await page.goto(workspace({ mode: "triage" }));
    await page.locator(".triage-side").waitFor();
    await page.keyboard.press("s");
    await page.getByText(/^2 of/).waitFor();
    await shot(page, "triage");
  },
};
