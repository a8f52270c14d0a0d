/** How each of the Dashboard's numbers is measured; times in ms. */

/** How long a workspace takes to show its first rows and its first plot. */
export async function opened(page, address) {
  const began = Date.now();
  await page.goto(address);
  await page.locator(".row:not(.is-waiting)").first().waitFor();
  const rows = Date.now() - began;
  await page.locator(".plot-canvas[data-renderer]").first().waitFor();
  await page.waitForFunction(() => window.plotDrawn);
  const plot = Date.now() - began;
  await page.waitForTimeout(3000);
  return { rows, plot };
}

/** Twenty jumps over the whole table, each until its rows are there. */
export async function jumps(page) {
  const times = [];
  for (let i = 0; i < 20; i++) {
    const share = ((i * 7919) % 100) / 100;
    times.push(
      await page.locator(".row-table").evaluate(async (grid, share) => {
        const began = performance.now();
        grid.scrollTop = (grid.scrollHeight - grid.clientHeight) * share;
        for (;;) {
          await new Promise(requestAnimationFrame);
          const shown = [...grid.querySelectorAll(".row")];
          const wanted = share * (Number(grid.getAttribute("aria-rowcount")) - shown.length);
          const first = Number(shown[0]?.getAttribute("aria-rowindex"));
          const isThere = Math.abs(first - wanted) <= 4;
          if (isThere && shown.every((row) => !row.classList.contains("is-waiting"))) break;
        }
        return performance.now() - began;
      }, share),
    );
  }
  return times;
}

/** Turns of the wheel, each until the plot has drawn. */
export function zoomFrames(page) {
  return page.evaluate(async () => {
    const canvas = document.querySelector(".plot-canvas");
    const times = [];
    for (let i = 0; i < 30; i++) {
      const began = performance.now();
      const drawn = new Promise((resolve) => canvas.addEventListener("drawn", resolve, { once: true }));
      const { left, top } = canvas.getBoundingClientRect();
      const place = { clientX: left + 200, clientY: top + 100 };
      canvas.parentElement.dispatchEvent(
        new WheelEvent("wheel", { deltaY: i % 2 ? 12 : -12, ...place, bubbles: true, cancelable: true }),
      );
      await drawn;
      times.push(performance.now() - began);
    }
    return times;
  });
}

/** Moves of the pointer with the plot in hand, each until the plot has drawn. */
export async function panFrames(page) {
  await page.locator(".plot-bar button[aria-label^='Pan'], .plot-bar button[title^='Pan']").first().click();
  const times = await page.evaluate(async () => {
    const canvas = document.querySelector(".plot-canvas");
    const frame = canvas.parentElement;
    const { left, top } = canvas.getBoundingClientRect();
    const send = (kind, by) =>
      frame.dispatchEvent(
        new PointerEvent(kind, {
          pointerId: 1,
          button: 0,
          clientX: left + 200 + by,
          clientY: top + 100,
          bubbles: true,
        }),
      );
    // There is no real pointer to capture.
    frame.setPointerCapture = () => {};
    send("pointerdown", 0);
    const times = [];
    for (let i = 1; i <= 30; i++) {
      const began = performance.now();
      const drawn = new Promise((resolve) => canvas.addEventListener("drawn", resolve, { once: true }));
      send("pointermove", (i % 2 ? 6 : 12) + i);
      await drawn;
      times.push(performance.now() - began);
    }
    send("pointerup", 0);
    return times;
  });
  await page.locator(".plot-bar button[aria-label^='Lasso'], .plot-bar button[title^='Lasso']").first().click();
  return times;
}

/** A lasso around a part of the points, from letting go until they are counted. */
export async function lassoed(page) {
  const box = await page.locator(".plot-frame").first().boundingBox();
  const at = (x, y) => [box.x + box.width * x, box.y + box.height * y];
  const corners = [
    [0.15, 0.15],
    [0.5, 0.15],
    [0.5, 0.6],
    [0.15, 0.6],
    [0.15, 0.2],
  ];
  await page.mouse.move(...at(...corners[0]));
  await page.mouse.down();
  for (const corner of corners.slice(1)) await page.mouse.move(...at(...corner), { steps: 3 });
  const began = Date.now();
  await page.mouse.up();
  await page.locator(".chip.is-selection").waitFor();
  const took = Date.now() - began;
  const caught = (await page.locator(".chip.is-selection .chip-text").innerText()).replace(/ selected.*/, " points");
  await page.keyboard.press("Escape");
  return { took, caught };
}

/** A brush over the first facet that has one, from a move of the pointer until the plot has drawn. */
export async function brushed(page) {
  const brush = page.locator(".brush").first();
  if ((await brush.count()) === 0) return null;
  const area = await brush.boundingBox();
  const y = area.y + area.height / 2;
  await page.mouse.move(area.x + area.width * 0.3, y);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * 0.4, y);
  await page.waitForTimeout(1500);
  const times = [];
  for (let i = 0; i < 10; i++) {
    const drawn = page.evaluate(
      () =>
        new Promise((resolve) => {
          document.querySelector(".plot-canvas").addEventListener("drawn", resolve, { once: true });
          setTimeout(resolve, 3000);
        }),
    );
    const began = Date.now();
    await page.mouse.move(area.x + area.width * (0.45 + i * 0.04), y);
    await drawn;
    times.push(Date.now() - began);
  }
  await page.mouse.up();
  return times;
}

/** The longest task of the page's thread while rows are searched by a text. */
export async function longestTask(page, address, column) {
  await page.goto(address);
  await page.locator(".row:not(.is-waiting)").first().waitFor();
  await page.waitForTimeout(2500);
  await page.evaluate(() => {
    window.longest = 0;
  });
  await page.locator("#facet-search").fill(column);
  const search = page.locator(`[aria-label="Search the values of ${column}"], [aria-label="${column} contains"]`);
  await search.first().fill("77");
  await page.waitForTimeout(3000);
  return page.evaluate(() => window.longest);
}

/** The time between two frames while a box is dragged among all others of its picture. */
export async function boxFrames(page, address) {
  await page.goto(address);
  await page.locator(".row:not(.is-waiting)").first().waitFor();
  await page.locator(".row").first().click();
  const words = page.locator(".picture-part .push");
  await page.waitForFunction(() =>
    /[1-9][\d,]* box/.test(document.querySelector(".picture-part .push")?.innerText ?? ""),
  );
  const count = /([\d,]+) box/.exec(await words.innerText())[0];
  await page.locator(".picture-frame").focus();
  await page.keyboard.press("n");
  await page.locator(".picture-active").waitFor();
  const frames = await page.evaluate(async () => {
    const frame = document.querySelector(".picture-frame");
    frame.setPointerCapture = () => {};
    const { left, top, width, height } = document.querySelector(".picture-active rect").getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    const send = (kind, by) =>
      frame.dispatchEvent(
        new PointerEvent(kind, { pointerId: 1, button: 0, clientX: x + by, clientY: y + by, bubbles: true }),
      );
    send("pointerdown", 0);
    await new Promise(requestAnimationFrame);
    const times = [];
    let before = performance.now();
    for (let i = 1; i <= 60; i++) {
      send("pointermove", (i % 20) * 3);
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      times.push(now - before);
      before = now;
    }
    // Back where it was: nothing is edited.
    send("pointermove", 0);
    send("pointerup", 0);
    return times;
  });
  return { frames, count };
}
