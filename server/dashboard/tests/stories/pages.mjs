/** The other pages. */

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
};
