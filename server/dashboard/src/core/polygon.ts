/** Polygons drawn over points: which points are inside, and the same question as SQL for the service. */

/** x0, y0, x1, y1, …; the last point is joined to the first. */
export type Polygon = readonly number[];

/** More corners than a hand can mean; the expression stays small enough for a link. */
export const CORNERS_MAX = 40;

/** Whether a point is inside by the even-odd rule. */
export function isInside(polygon: Polygon, x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [yi, yj] = [polygon[i + 1], polygon[j + 1]];
    if (yi > y !== yj > y && x < ((polygon[j] - polygon[i]) * (y - yi)) / (yj - yi) + polygon[i]) inside = !inside;
  }
  return inside;
}

export function boundsOf(polygon: Polygon): { left: number; top: number; right: number; bottom: number } {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < polygon.length; i += 2) {
    left = Math.min(left, polygon[i]);
    right = Math.max(right, polygon[i]);
    top = Math.min(top, polygon[i + 1]);
    bottom = Math.max(bottom, polygon[i + 1]);
  }
  return { left, top, right, bottom };
}

/** Drops the corners that matter least until `max` are left (Visvalingam: the smallest triangle goes first). */
export function simplify(polygon: Polygon, max = CORNERS_MAX): number[] {
  const points: [number, number][] = [];
  for (let i = 0; i < polygon.length; i += 2) points.push([polygon[i], polygon[i + 1]]);
  while (points.length > Math.max(3, max)) {
    let least = 0;
    let leastArea = Number.POSITIVE_INFINITY;
    for (let i = 0; i < points.length; i++) {
      const a = points[(i + points.length - 1) % points.length];
      const b = points[i];
      const c = points[(i + 1) % points.length];
      const area = Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]));
      if (area < leastArea) [least, leastArea] = [i, area];
    }
    points.splice(least, 1);
  }
  return points.flat();
}

/**
 * The test as an SQL condition on two expressions, so that a lasso is a filter like any other: it can be
 * linked to, combined and edited by, and the service needs no mask of ours.
 */
export function insideSql(x: string, y: string, polygon: Polygon): string {
  const crossings: string[] = [];
  for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
    const [xi, yi, xj, yj] = [polygon[i], polygon[i + 1], polygon[j], polygon[j + 1]];
    if (yi === yj) continue;
    const [low, high] = yi < yj ? [yi, yj] : [yj, yi];
    const slope = (xj - xi) / (yj - yi);
    const edge = `${number(slope)} * (${y} - ${number(yi)}) + ${number(xi)}`;
    crossings.push(`CASE WHEN ${y} >= ${number(low)} AND ${y} < ${number(high)} AND ${x} < ${edge} THEN 1 ELSE 0 END`);
  }
  if (crossings.length === 0) return "FALSE";
  return `(${sum(crossings)}) % 2 = 1`;
}

// A balanced tree: the service bounds how deep an expression may be.
function sum(terms: string[]): string {
  if (terms.length === 1) return terms[0];
  const half = terms.length >> 1;
  return `(${sum(terms.slice(0, half))} + ${sum(terms.slice(half))})`;
}

function number(value: number): string {
  const text = Number(value.toPrecision(7)).toString();
  return value < 0 ? `(${text})` : text;
}

const CELLS = 256;
const IN = 1;
const EDGE = 2;

/**
 * A polygon made ready for a million questions: cells that lie wholly inside or outside answer at once,
 * only those on its line ask the exact test.
 */
export class PolygonGrid {
  private readonly polygon: Polygon;
  private readonly cells = new Uint8Array(CELLS * CELLS);
  private readonly left: number;
  private readonly top: number;
  private readonly perX: number;
  private readonly perY: number;

  constructor(polygon: Polygon) {
    this.polygon = polygon;
    const { left, top, right, bottom } = boundsOf(polygon);
    this.left = left;
    this.top = top;
    this.perX = CELLS / (right - left || 1);
    this.perY = CELLS / (bottom - top || 1);
    for (let line = 0; line < CELLS; line++) this.fill(line);
  }

  has(x: number, y: number): boolean {
    const i = Math.floor((x - this.left) * this.perX);
    const j = Math.floor((y - this.top) * this.perY);
    if (i < 0 || j < 0 || i > CELLS || j > CELLS) return false;
    const cell = this.cells[Math.min(CELLS - 1, j) * CELLS + Math.min(CELLS - 1, i)];
    return cell === EDGE ? isInside(this.polygon, x, y) : cell === IN;
  }

  private fill(line: number): void {
    const { polygon, cells } = this;
    const [from, to] = [this.top + line / this.perY, this.top + (line + 1) / this.perY];
    const middle = (from + to) / 2;
    const crossings: number[] = [];
    const column = (x: number) => Math.min(CELLS - 1, Math.max(0, Math.floor((x - this.left) * this.perX)));
    const onLine: [number, number][] = [];
    for (let i = 0, j = polygon.length - 2; i < polygon.length; j = i, i += 2) {
      const [xi, yi, xj, yj] = [polygon[i], polygon[i + 1], polygon[j], polygon[j + 1]];
      const [low, high] = [Math.max(from, Math.min(yi, yj)), Math.min(to, Math.max(yi, yj))];
      if (low > high) continue;
      const at = (y: number) => (yi === yj ? xi : xi + ((xj - xi) * (y - yi)) / (yj - yi));
      const ends = yi === yj ? [xi, xj] : [at(low), at(high)];
      // A cell more on each side: rounding must not turn an edge into an inside.
      onLine.push([column(Math.min(...ends)) - 1, column(Math.max(...ends)) + 1]);
      if (yi > middle !== yj > middle) crossings.push(at(middle));
    }
    crossings.sort((a, b) => a - b);
    for (let k = 0; k + 1 < crossings.length; k += 2) {
      cells.fill(IN, line * CELLS + column(crossings[k]), line * CELLS + column(crossings[k + 1]) + 1);
    }
    for (const [first, last] of onLine) {
      cells.fill(EDGE, line * CELLS + Math.max(0, first), line * CELLS + Math.min(CELLS - 1, last) + 1);
    }
  }
}
