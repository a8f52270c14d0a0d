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
