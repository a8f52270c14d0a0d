/**
 * A browser for the stories: Debian's Chromium, no other host, and every error of the page is a failure.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Opens a page that knows `origin` alone; `failures` collects what must not happen, `writes` what it had answered. */
export async function openBrowser(origin, { theme = "dark", width = 1440, height = 900 } = {}) {
  const executablePath = process.env.CHROMIUM ?? CHROMIUM.find((path) => existsSync(path));
  if (!executablePath) throw new Error("no Chromium found; set CHROMIUM to its path");
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--enable-precise-memory-info"],
  });
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme });
  // A machine that does other things besides takes its time.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const failures = [];
  const writes = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (!["data:", "blob:"].includes(url.protocol) && url.origin !== origin) failures.push(`request to ${url.host}`);
  });
  page.on("pageerror", (error) => failures.push(`page error: ${error}`));
  page.on("response", (response) => {
    const said = `${response.status()} of ${response.request().method()} ${response.url()}`;
    if (response.status() >= 500) failures.push(said);
    if (response.status() >= 400 || response.request().method() !== "GET") writes.push(said);
  });
  return { browser, page, failures, writes };
}

/** Violations of WCAG 2.2 A and AA on the page as it is, in a line each. */
export async function violations(page) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const { violations: found } = await page.evaluate(() =>
    window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
  );
  return found.flatMap(({ id, help, nodes }) =>
    nodes
      .slice(0, 5)
      .map(
        ({ target, failureSummary }) =>
          `${id} (${help}) at ${target.join(" ")}: ${failureSummary?.split("\n")[1]?.trim()}`,
      ),
  );
}
