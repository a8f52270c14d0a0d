/**
 * The stories of the Dashboard in a real browser against a real service; `scripts/stories` makes one and runs this.
 *
 *     node tests/stories.mjs --url http://127.0.0.1:8000 [--dataset NAME] [--run NAME] [--boxes NAME] [--odd NAME]
 *         [--mount DIR] [--only PATTERN] [--shots DIR]
 *
 * The dataset needs a class column and, for the loop of corrections, a run with a loss; `--boxes` is one with boxes,
 * `--odd` one of odd rows (scripts/python/odd_rows.py), `--mount` where the dataset is mounted. What a story edits it takes back, but for the commit of the loop, which
 * it reverts as a draft and commits again. `UPDATE=1` keeps the pictures of the CPU renderer as they are now.
 */
import { strict as assert } from "node:assert";
import { parseArgs } from "node:util";
import { openBrowser } from "./browser.mjs";
import { access } from "./stories/access.mjs";
import { boxes } from "./stories/boxes.mjs";
import { classes } from "./stories/classes.mjs";
import { editing } from "./stories/editing.mjs";
import { frame } from "./stories/frame.mjs";
import { pages } from "./stories/pages.mjs";
import { plots } from "./stories/plots.mjs";
import { rows } from "./stories/rows.mjs";
import { states } from "./stories/states.mjs";
import { readWorld } from "./world.mjs";

const { values: options } = parseArgs({
  options: {
    url: { type: "string" },
    dataset: { type: "string" },
    run: { type: "string" },
    boxes: { type: "string" },
    odd: { type: "string" },
    mount: { type: "string" },
    only: { type: "string" },
    shots: { type: "string" },
  },
});
if (!options.url) {
  console.error("usage: node tests/stories.mjs --url http://127.0.0.1:8000 [--dataset NAME] [--run NAME]");
  process.exit(2);
}
const world = await readWorld(options);
const stories = { ...frame, ...rows, ...plots, ...boxes, ...classes, ...editing, ...pages, ...states, ...access };

let [passed, failed, skipped] = [0, 0, 0];
for (const [name, story] of Object.entries(stories)) {
  if (options.only && !new RegExp(options.only).test(name)) continue;
  const began = Date.now();
  const { browser, page, failures, writes } = await openBrowser(world.origin);
  const took = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
  try {
    const why = await story(page, world);
    assert.deepEqual(failures, []);
    if (why) {
      skipped++;
      console.log(`skip ${name}: ${why}`);
    } else {
      passed++;
      console.log(`ok   ${name} (${took()})`);
    }
  } catch (error) {
    failed++;
    const told = await page
      .locator(".toasts")
      .allInnerTexts()
      .catch(() => []);
    const seen = [...writes.slice(-8), ...told.map((text) => `the page says: ${text.replaceAll("\n", " | ")}`)];
    const lines = [...String(error.message).split("\n").slice(0, 30), ...failures, ...seen];
    console.log(`FAIL ${name} (${took()})\n     ${lines.join("\n     ")}`);
    await world.shot(page, `failed-${name.replaceAll(/\W+/g, "-").slice(0, 50)}`).catch(() => {});
  } finally {
    await browser.close();
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);
