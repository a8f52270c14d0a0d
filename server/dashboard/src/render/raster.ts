/**
 * Points to pixels without a graphics card: pure functions over typed arrays, for the worker and for tests.
 * The same input gives the same pixels on every machine.
 */
import type { Bitmask } from "../core/bitmask";
import { boundsOf, type Polygon, PolygonGrid } from "../core/polygon";
import type { Projection } from "./camera";
import { grown, type PointColours, type PointColumns } from "./renderer";

const UNIT = 1 / 65535;

export const SHOWN = 1;
export const SELECTED = 2;

export interface Surface {
  pixels: Uint32Array;
  width: number;
  height: number;
  /** Depth for each pixel, in 3D. */
  depth: Float32Array | null;
}

/** One byte for each row, from the masks: what the inner loops read. */
export function rowStates(
  rows: number,
  valid: Bitmask | null,
  shown: Bitmask | null,
  selected: Bitmask | null,
): Uint8Array {
  const states = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    if (valid && !valid.get(row)) continue;
    if (shown && !shown.get(row)) continue;
    states[row] = SHOWN | (selected?.get(row) ? SELECTED : 0);
  }
  return states;
}

/** Draws all shown points; where some are selected, the others are drawn first, dim and grey. */
export function drawPoints(
  surface: Surface,
  columns: PointColumns,
  states: Uint8Array,
  { codes, palette, sizes }: PointColours,
  projection: Projection,
  diameter: number,
  hasSelection: boolean,
  background: number,
): void {
  surface.pixels.fill(background);
  surface.depth?.fill(Number.NEGATIVE_INFINITY);
  if (hasSelection) {
    const dim = palette.map((colour) => dimmed(colour, background));
    drawPass(surface, columns, states, SHOWN, { codes, palette: dim, sizes }, projection, diameter);
    surface.depth?.fill(Number.NEGATIVE_INFINITY);
    drawPass(surface, columns, states, SHOWN | SELECTED, { codes, palette, sizes }, projection, diameter + 1);
  } else {
    drawPass(surface, columns, states, SHOWN, { codes, palette, sizes }, projection, diameter);
  }
}

/** Sizes are drawn in so many steps. */
const SIZE_STEPS = 16;

/** A dot of one diameter: its pixels from the upper left corner, and as steps in the surface. */
interface Dot {
  side: number;
  before: number;
  disc: [number, number][];
  steps: Int32Array;
}

function dotOf(diameter: number, width: number): Dot {
  const side = Math.max(1, Math.round(diameter));
  const disc = discOf(side);
  return { side, before: (side - 1) >> 1, disc, steps: Int32Array.from(disc, ([i, j]) => j * width + i) };
}

function drawPass(
  { pixels, width, height, depth }: Surface,
  { x, y, z }: PointColumns,
  states: Uint8Array,
  wanted: number,
  { codes, palette, sizes }: PointColours,
  p: Projection,
  diameter: number,
): void {
  const last = palette.length - 1;
  const dots = sizes
    ? Array.from({ length: SIZE_STEPS }, (_, step) => dotOf(diameter * grown((step * 255) / (SIZE_STEPS - 1)), width))
    : [dotOf(diameter, width)];
  const [ax, bx, cx, dx] = [p[0] * UNIT, p[1] * UNIT, p[2] * UNIT, p[3]];
  const [ay, by, cy, dy] = [p[4] * UNIT, p[5] * UNIT, p[6] * UNIT, p[7]];
  const [az, bz, cz] = [p[8] * UNIT, p[9] * UNIT, p[10] * UNIT];
  let dot = dots[0];
  for (let row = 0; row < x.length; row++) {
    if (states[row] !== wanted) continue;
    if (sizes) dot = dots[sizes[row] >> 4];
    const { side, disc, steps } = dot;
    const px = x[row];
    const py = y[row];
    const pz = z ? z[row] : 32768;
    const left = Math.floor(ax * px + bx * py + cx * pz + dx) - dot.before;
    const top = Math.floor(ay * px + by * py + cy * pz + dy) - dot.before;
    if (left <= -side || top <= -side || left >= width || top >= height) continue;
    const colour = palette[Math.min(codes[row], last)];
    const near = depth ? az * px + bz * py + cz * pz : 0;
    const at = top * width + left;
    const isWhole = left >= 0 && top >= 0 && left + side <= width && top + side <= height;
    for (let k = 0; k < steps.length; k++) {
      if (!isWhole) {
        const [i, j] = disc[k];
        if (left + i < 0 || left + i >= width || top + j < 0 || top + j >= height) continue;
      }
      const pixel = at + steps[k];
      if (depth) {
        if (near < depth[pixel]) continue;
        depth[pixel] = near;
      }
      pixels[pixel] = colour;
    }
  }
}

/** The pixels of a dot of this diameter, from its upper left corner. */
function discOf(side: number): [number, number][] {
  const pixels: [number, number][] = [];
  for (let j = 0; j < side; j++) {
    for (let i = 0; i < side; i++) {
      const isOut = side > 2 && (i + 0.5 - side / 2) ** 2 + (j + 0.5 - side / 2) ** 2 > (side * side) / 4;
      if (!isOut) pixels.push([i, j]);
    }
  }
  return pixels;
}

/** How many shown points fall on each pixel, as a ramp of logarithms. */
export function drawDensity(
  { pixels, width, height }: Surface,
  { x, y, z }: PointColumns,
  states: Uint8Array,
  ramp: Uint32Array,
  p: Projection,
  hasSelection: boolean,
  background: number,
): void {
  const counts = new Uint32Array(width * height);
  let most = 0;
  for (let row = 0; row < x.length; row++) {
    if (hasSelection ? !(states[row] & SELECTED) : !states[row]) continue;
    const [px, py, pz] = [x[row] * UNIT, y[row] * UNIT, z ? z[row] * UNIT : 0.5];
    const left = Math.floor(p[0] * px + p[1] * py + p[2] * pz + p[3]);
    const top = Math.floor(p[4] * px + p[5] * py + p[6] * pz + p[7]);
    if (left < 0 || top < 0 || left >= width || top >= height) continue;
    const count = ++counts[top * width + left];
    if (count > most) most = count;
  }
  const scale = most > 0 ? (ramp.length - 2) / Math.log1p(most) : 0;
  for (let at = 0; at < counts.length; at++) {
    pixels[at] = counts[at] === 0 ? background : ramp[Math.round(Math.log1p(counts[at]) * scale)];
  }
}

/** The nearest shown row to a place of the screen, or -1. */
export function pickRow(
  { x, y, z }: PointColumns,
  states: Uint8Array,
  p: Projection,
  sx: number,
  sy: number,
  radius: number,
): number {
  let [found, least, nearest] = [-1, radius * radius, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < x.length; row++) {
    if (!states[row]) continue;
    const [px, py, pz] = [x[row] * UNIT, y[row] * UNIT, z ? z[row] * UNIT : 0.5];
    const dx = p[0] * px + p[1] * py + p[2] * pz + p[3] - sx;
    if (dx > radius || dx < -radius) continue;
    const dy = p[4] * px + p[5] * py + p[6] * pz + p[7] - sy;
    const distance = dx * dx + dy * dy;
    if (distance > least) continue;
    const near = z ? p[8] * px + p[9] * py + p[10] * pz : row;
    if (distance < least || near > nearest) [found, least, nearest] = [row, distance, near];
  }
  return found;
}

/** Sets the bits of the shown rows within a polygon of screen pixels. */
export function lassoRows(
  { x, y, z }: PointColumns,
  states: Uint8Array,
  p: Projection,
  polygon: Polygon,
  into: Bitmask,
): Bitmask {
  const { left, top, right, bottom } = boundsOf(polygon);
  const grid = new PolygonGrid(polygon);
  for (let row = 0; row < x.length; row++) {
    if (!states[row]) continue;
    const [px, py, pz] = [x[row] * UNIT, y[row] * UNIT, z ? z[row] * UNIT : 0.5];
    const sx = p[0] * px + p[1] * py + p[2] * pz + p[3];
    if (sx < left || sx > right) continue;
    const sy = p[4] * px + p[5] * py + p[6] * pz + p[7];
    if (sy < top || sy > bottom) continue;
    if (grid.has(sx, sy)) into.words[row >>> 5] |= 1 << (row & 31);
  }
  return into;
}

/** A colour moved towards grey and the background: dim alone grows bright again where points lie dense. */
export function dimmed(colour: number, background: number): number {
  const part = (of: number, shift: number) => (of >>> shift) & 255;
  const grey = (part(colour, 0) + part(colour, 8) + part(colour, 16)) / 3;
  const mix = (shift: number) =>
    Math.round(0.75 * part(background, shift) + 0.25 * (0.7 * grey + 0.3 * part(colour, shift)));
  return ((255 << 24) | (mix(16) << 16) | (mix(8) << 8) | mix(0)) >>> 0;
}
