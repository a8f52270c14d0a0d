/**
 * The README's pictures, of the demo's store; `scripts/screenshots` runs this.
 *
 *     node tests/screenshots.mjs --url http://127.0.0.1:8000 --out DIR
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openBrowser } from "./browser.mjs";
import { plotReady, retry, rowsReady } from "./world.mjs";

const LEN_MAX = 250_000;

const { values: options } = parseArgs({ options: { url: { type: "string" }, out: { type: "string" } } });
const origin = new URL(options.url).origin;

/** An image that the run takes for another class, so that there is something to see in the inspector. */
const MISTAKES = JSON.stringify([[{ kind: "differ", columns: ["label", "nearest.predicted"] }]]);

const pictures = {
  workspace: {
    theme: "dark",
    async go(page) {
      const order = '"nearest.loss" desc';
      await page.goto(
        `${origin}/datasets/fashion/at/main?${new URLSearchParams({ run: "nearest", q: MISTAKES, order })}`,
      );
      await rowsReady(page);
      await plotReady(page);
      await page.locator(".row").nth(1).click();
    },
  },
  boxes: {
    theme: "light",
    async go(page) {
      await page.goto(`${origin}/datasets/scenes/at/main?run=pieces`);
      await rowsReady(page);
      await page.locator(".row").nth(0).click();
      await page.locator(".picture-frame").focus();
      await retry(async () => {
        await page.keyboard.press("n");
        await page.locator(".picture-active").waitFor({ timeout: 300 });
      });
    },
  },
  history: {
    theme: "dark",
    async go(page) {
      await page.goto(`${origin}/datasets/fashion/history`);
      await page.getByText("ankle boot").first().waitFor();
    },
  },
  triage: {
    theme: "dark",
    async go(page) {
      await page.goto(`${origin}/datasets/fashion/at/main?${new URLSearchParams({ run: "nearest", mode: "triage" })}`);
      await page.locator(".triage-side").waitFor();
    },
  },
};

let isGood = true;
for (const [name, { theme, go }] of Object.entries(pictures)) {
  const { browser, page, failures } = await openBrowser(origin, { theme, width: 1280, height: 800 });
  const path = join(options.out, `${name}.png`);
  try {
    await go(page);
    await page.waitForTimeout(1500);
    await page.screenshot({ path });
  } finally {
    await browser.close();
  }
  const { size } = statSync(path);
  const faults = [...failures, ...(size > LEN_MAX ? [`more than ${LEN_MAX} bytes`] : [])];
  isGood &&= faults.length === 0;
  console.log(`${path}: ${size} bytes${faults.map((fault) => `; ${fault}`).join("")}`);
}
process.exit(isGood ? 0 : 1);
