import { expect, test } from "vitest";
import { Bitmask } from "../core/bitmask";
import {
  cameraNumbers,
  cameraOf,
  FIT,
  FIT_3D,
  fromScreen,
  orbit,
  pan,
  project,
  toScreen,
  zoomAt,
} from "../render/camera";
import { packed } from "../render/palette";
import { Compute } from "./compute";
import type { Answer } from "./protocol";

const [width, height, pixelRatio, plot] = [100, 100, 1, 1];
const view = { plot, camera: FIT, width, height };

/** Four points: three corners and the middle. */
function fourPoints(z: Uint16Array | null = null): Compute {
  const compute = new Compute();
  const x = Uint16Array.of(0, 65535, 0, 32768);
  const y = Uint16Array.of(0, 0, 65535, 32768);
  compute.answer({ ask: "plot-columns", plot, x, y, z, valid: null });
  compute.answer({
    ask: "plot-colours",
    sizes: null,
    plot,
    codes: Uint16Array.of(0, 1, 2, 1),
    palette: packed(["#ff0000", "#00ff00", "#0000ff", "#888888"]),
  });
  compute.answer({
    ask: "plot-style",
    plot,
    style: { size: 1, mode: "points", background: [0, 0, 0], foreground: [255, 255, 255] },
  });
  return compute;
}

function drawn(compute: Compute): Map<string, [number, number][]> {
  const { pixels } = compute.answer({ ask: "draw", id: 1, ...view, pixelRatio, spare: null }) as Extract<
    Answer,
    { pixels: ArrayBuffer }
  >;
  const found = new Map<string, [number, number][]>();
  new Uint32Array(pixels).forEach((pixel, at) => {
    const colour = (pixel & 0xffffff).toString(16).padStart(6, "0");
    if (colour !== "000000") found.set(colour, [...(found.get(colour) ?? []), [at % width, Math.floor(at / width)]]);
  });
  return found;
}

test("points are drawn where their columns say, y upwards", () => {
  const found = drawn(fourPoints());
  expect(found.get("0000ff")).toEqual([[3, 97]]); // red: the lower left
  expect(found.get("ff0000")).toEqual([[3, 3]]); // blue: the upper left
  expect(found.get("00ff00")?.length).toBe(2);
});

test("a point of the greatest size covers more than one of the smallest, which is smaller than the plot's own", () => {
  const compute = fourPoints();
  compute.answer({
    ask: "plot-style",
    plot,
    style: { size: 6, mode: "points", background: [0, 0, 0], foreground: [255, 255, 255] },
  });
  const pixels = (sizes: Uint8Array | null) => {
    const codes = Uint16Array.of(3, 3, 3, 1);
    const palette = packed(["#ff0000", "#00ff00", "#0000ff", "#888888"]);
    compute.answer({ ask: "plot-colours", plot, sizes, codes, palette });
    return drawn(compute).get("00ff00")?.length ?? 0;
  };
  const [own, least, most] = [null, Uint8Array.of(9, 9, 9, 0), Uint8Array.of(9, 9, 9, 255)].map(pixels);
  expect(least).toBeLessThan(own);
  expect(own).toBeLessThan(most);
});

test("a filtered point is neither drawn nor picked nor caught", () => {
  const compute = fourPoints();
  const shown = Bitmask.fromRows(4, [0, 1, 2]);
  compute.answer({ ask: "plot-masks", plot, shown: shown.words, selected: null });
  expect(drawn(compute).get("00ff00")?.length).toBe(1);
  expect(compute.answer({ ask: "pick", id: 2, ...view, x: 50, y: 50, radius: 8 })).toEqual({ id: 2, row: -1 });
  const all = compute.answer({ ask: "lasso", id: 3, ...view, polygon: [-1, -1, 101, -1, 101, 101, -1, 101] });
  expect(all).toMatchObject({ count: 3 });
});

test("what is not selected is dimmed, what is selected keeps its colour", () => {
  const compute = fourPoints();
  compute.answer({ ask: "plot-masks", plot, shown: null, selected: Bitmask.fromRows(4, [0]).words });
  const found = drawn(compute);
  expect(found.has("0000ff")).toBe(true);
  expect(found.has("ff0000")).toBe(false);
});

test("a pick finds the row under the pointer", () => {
  expect(fourPoints().answer({ ask: "pick", id: 4, ...view, x: 52, y: 49, radius: 8 })).toEqual({ id: 4, row: 3 });
});

test("in 3D the nearer point hides the farther one", () => {
  const compute = new Compute();
  const same = Uint16Array.of(32768, 32768);
  compute.answer({ ask: "plot-columns", plot, x: same, y: same, z: Uint16Array.of(65535, 0), valid: null });
  compute.answer({
    ask: "plot-colours",
    sizes: null,
    plot,
    codes: Uint16Array.of(0, 1),
    palette: packed(["#ff0000", "#00ff00", "#888888"]),
  });
  compute.answer({
    ask: "plot-style",
    plot,
    style: { size: 3, mode: "points", background: [0, 0, 0], foreground: [255, 255, 255] },
  });
  expect([...drawn(compute).keys()]).toEqual(["0000ff"]);
});

test("a range within a mask, and a histogram of a loaded column", () => {
  const compute = new Compute();
  compute.answer({ ask: "column", column: "loss", values: Float32Array.of(1, 2, 3, 4), valid: null });
  const within = Bitmask.fromRows(4, [1, 3]).words;
  expect(compute.answer({ ask: "range", id: 5, column: "loss", low: 2, high: null, within })).toMatchObject({
    count: 2,
  });
  expect(compute.answer({ ask: "range", id: 6, column: "gone", low: 2, high: null, within: null })).toEqual({
    id: 6,
    error: "column gone is not loaded",
  });
});

test("a place of the screen stays under the pointer while zooming, and panning moves by its pixels", () => {
  const before = fromScreen(project(FIT, 400, 300, false), 120, 80);
  const zoomed = zoomAt(FIT, 3, 120, 80, 400, 300, false);
  const after = fromScreen(project(zoomed, 400, 300, false), 120, 80);
  expect(after[0]).toBeCloseTo(before[0]);
  expect(after[1]).toBeCloseTo(before[1]);
  const turned = orbit(FIT_3D, 40, 10);
  const at = toScreen(project(turned, 400, 300, true), 0.1, 0.2, 0.3);
  const moved = toScreen(project(pan(turned, 12, -7, 400, 300, true), 400, 300, true), 0.1, 0.2, 0.3);
  expect(moved[0] - at[0]).toBeCloseTo(12);
  expect(moved[1] - at[1]).toBeCloseTo(-7);
});

test("a thousand points give the same pixels on every machine", () => {
  let seed = 5;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const of = (most: number) => Uint16Array.from({ length: 1000 }, () => random() * most);
  const hashes = [FIT, FIT_3D].map((camera, i) => {
    const compute = new Compute();
    compute.answer({
      ask: "plot-columns",
      plot,
      x: of(65535),
      y: of(65535),
      z: i === 1 ? of(65535) : null,
      valid: null,
    });
    compute.answer({
      ask: "plot-colours",
      sizes: null,
      plot,
      codes: of(3),
      palette: packed(["#ff0000", "#00ff00", "#0000ff", "#888888"]),
    });
    compute.answer({
      ask: "plot-style",
      plot,
      style: { size: 4, mode: "points", background: [16, 20, 26], foreground: [255, 255, 255] },
    });
    const frame = compute.answer({
      ask: "draw",
      id: 1,
      plot,
      camera,
      width: 320,
      height: 200,
      pixelRatio: 1,
      spare: null,
    });
    let hash = 0x811c9dc5;
    for (const pixel of new Uint32Array((frame as Extract<Answer, { pixels: ArrayBuffer }>).pixels)) {
      hash = Math.imul(hash ^ pixel, 0x01000193) >>> 0;
    }
    return hash.toString(16);
  });
  expect(hashes).toMatchInlineSnapshot(`
    [
      "f5041849",
      "22cd77a7",
    ]
  `);
});

test("a camera survives a link, and the whole needs none", () => {
  expect(cameraNumbers(FIT_3D, true)).toBeUndefined();
  expect(cameraOf(undefined, false)).toEqual(FIT);
  const turned = orbit(FIT_3D, 40, 10);
  const back = cameraOf(cameraNumbers(turned, true), true);
  expect(back.turn).toBeCloseTo(turned.turn, 4);
  expect(back.centre).toEqual(turned.centre);
});
