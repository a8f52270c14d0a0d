/** Boxes in pixels of their image, whatever form the file has them in. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export type BoxForm = "box-xywh" | "box-cxcywhn" | "box-xyxy";

export function isBoxForm(role: string): role is BoxForm {
  return role === "box-xywh" || role === "box-cxcywhn" || role === "box-xyxy";
}

export function fromCell(form: BoxForm, cell: readonly number[], imageWidth: number, imageHeight: number): Box | null {
  if (cell.length < 4 || cell.some((part) => !Number.isFinite(part))) return null;
  const [a, b, c, d] = cell;
  switch (form) {
    case "box-xywh":
      return { x: a, y: b, width: c, height: d };
    case "box-xyxy":
      return { x: a, y: b, width: c - a, height: d - b };
    case "box-cxcywhn":
      return {
        x: (a - c / 2) * imageWidth,
        y: (b - d / 2) * imageHeight,
        width: c * imageWidth,
        height: d * imageHeight,
      };
  }
}

export function toCell(form: BoxForm, box: Box, imageWidth: number, imageHeight: number): number[] {
  const exact = (value: number) => Math.round(value * 100) / 100;
  switch (form) {
    case "box-xywh":
      return [box.x, box.y, box.width, box.height].map(exact);
    case "box-xyxy":
      return [box.x, box.y, box.x + box.width, box.y + box.height].map(exact);
    case "box-cxcywhn":
      return [
        (box.x + box.width / 2) / imageWidth,
        (box.y + box.height / 2) / imageHeight,
        box.width / imageWidth,
        box.height / imageHeight,
      ].map((value) => Number(value.toFixed(6)));
  }
}

/** The area of a cell's box, in the cell's own units: of a box in shares its share of the picture. */
export function areaOf(form: BoxForm, [a, b, c, d]: readonly number[]): number {
  const [width, height] = form === "box-xyxy" ? [c - a, d - b] : [c, d];
  // Sides have two digits, shares six: a product has no more than both.
  return Number((width * height).toFixed(form === "box-cxcywhn" ? 12 : 4));
}

/** Intersection over union, 0 to 1. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (a.width * a.height + b.width * b.height - common);
}

export function clampTo(box: Box, imageWidth: number, imageHeight: number): Box {
  const width = Math.min(Math.max(1, box.width), imageWidth);
  const height = Math.min(Math.max(1, box.height), imageHeight);
  return {
    x: Math.min(Math.max(0, box.x), imageWidth - width),
    y: Math.min(Math.max(0, box.y), imageHeight - height),
    width,
    height,
  };
}

/** The eight handles, as the sides that each one moves. */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"] as const;
export type Handle = (typeof HANDLES)[number];

export function handleAt(box: Box, handle: Handle): [number, number] {
  const x = handle.includes("w") ? 0 : handle.includes("e") ? 1 : 0.5;
  const y = handle.includes("n") ? 0 : handle.includes("s") ? 1 : 0.5;
  return [box.x + x * box.width, box.y + y * box.height];
}

/** Moves the sides of a handle by (dx, dy); a box that is turned inside out is turned back. */
export function resize(box: Box, handle: Handle, dx: number, dy: number): Box {
  let [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  if (handle.includes("w")) left += dx;
  if (handle.includes("e")) right += dx;
  if (handle.includes("n")) top += dy;
  if (handle.includes("s")) bottom += dy;
  return {
    x: Math.min(left, right),
    y: Math.min(top, bottom),
    width: Math.abs(right - left),
    height: Math.abs(bottom - top),
  };
}

/** The smallest box around the point: of nested boxes the inner one is meant. */
export function boxAt(boxes: readonly Box[], x: number, y: number, slack = 0): number {
  let found = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < boxes.length; i++) {
    const box = boxes[i];
    const inside =
      x >= box.x - slack && x <= box.x + box.width + slack && y >= box.y - slack && y <= box.y + box.height + slack;
    const area = box.width * box.height;
    if (inside && area < least) [found, least] = [i, area];
  }
  return found;
}
