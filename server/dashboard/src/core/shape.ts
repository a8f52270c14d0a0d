/** Polygons and keypoints as their cells have them, and what a cell is when one of their points was moved. */

export type ShapeForm = "polygon" | "keypoints";

export interface ShapePoint {
  /** Which ring of a polygon; 0 for keypoints. */
  ring: number;
  /** Where its x is in the ring. */
  at: number;
  x: number;
  y: number;
}

/** Numbers of a point: x, y, and of a keypoint whether it is seen. */
const STRIDE: Record<ShapeForm, number> = { polygon: 2, keypoints: 3 };

/** The rings of a polygon `[[x, y, …], …]`, or the one list of keypoints `[x, y, v, …]`; none for anything else. */
export function ringsOf(form: ShapeForm, cell: unknown): number[][] {
  const isNumbers = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((part) => typeof part === "number");
  if (form === "keypoints") return isNumbers(cell) && cell.length >= 3 && cell.length % 3 === 0 ? [cell] : [];
  if (!Array.isArray(cell)) return [];
  return cell.filter(isNumbers).filter((ring) => ring.length >= 6 && ring.length % 2 === 0);
}

/** The points that can be moved; a keypoint that is not labelled (its third number is 0) has no place. */
export function pointsOf(form: ShapeForm, cell: unknown): ShapePoint[] {
  return ringsOf(form, cell).flatMap((list, ring) => {
    const points: ShapePoint[] = [];
    for (let at = 0; at + 1 < list.length; at += STRIDE[form]) {
      if (form === "keypoints" && list[at + 2] === 0) continue;
      points.push({ ring, at, x: list[at], y: list[at + 1] });
    }
    return points;
  });
}

/** The cell with one point elsewhere, to a hundredth of a pixel. */
export function moved(form: ShapeForm, cell: unknown, { ring, at }: ShapePoint, x: number, y: number) {
  const exact = (value: number) => Math.round(value * 100) / 100;
  const rings = ringsOf(form, cell).map((list, i) => {
    if (i !== ring) return list;
    const next = [...list];
    next[at] = exact(x);
    next[at + 1] = exact(y);
    return next;
  });
  return form === "keypoints" ? rings[0] : rings;
}
