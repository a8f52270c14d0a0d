/** All boxes but the active one on a single canvas: thousands stay fluid. */
import type { Cell, Row } from "../../api/contract";
import type { ShownBox } from "../boxes";

/** With more boxes, names would hide the picture. */
const NAMED_MAX = 60;

/** Dashes and gaps of a predicted box, in pixels. */
const DASHES = [6, 4];

type View = { scale: number; left: number; top: number };

/** True boxes have whole lines, predicted ones (`guesses`) dashed ones. */
export function paintBoxes(
  canvas: HTMLCanvasElement,
  frame: HTMLElement,
  boxes: readonly ShownBox[],
  guesses: readonly ShownBox[],
  view: View,
): void {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(frame.clientWidth * ratio), Math.round(frame.clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const count = boxes.length + guesses.length;
  context.lineWidth = count > 500 ? 1 : 2;
  context.setLineDash([]);
  strokeBoxes(context, boxes, view);
  context.setLineDash(DASHES);
  strokeBoxes(context, guesses, view);
  context.setLineDash([]);
  if (count <= NAMED_MAX) {
    paintNames(context, boxes, view, "above");
    paintNames(context, guesses, view, "below");
  }
}

function strokeBoxes(context: CanvasRenderingContext2D, boxes: readonly ShownBox[], view: View): void {
  // One path for each colour: a stroke for each box is what makes two thousand slow.
  for (const [colour, same] of Map.groupBy(boxes, (box) => box.colour)) {
    context.beginPath();
    for (const { box } of same) {
      context.rect(
        view.left + box.x * view.scale,
        view.top + box.y * view.scale,
        box.width * view.scale,
        box.height * view.scale,
      );
    }
    for (const { row } of same) {
      for (const shape of shapesOf(row)) tracePolygon(context, shape, view);
    }
    context.strokeStyle = colour;
    context.stroke();
  }
}

/** The class at each box: colour alone must not tell it. Predicted ones have it below, with how sure they are. */
function paintNames(
  context: CanvasRenderingContext2D,
  boxes: readonly ShownBox[],
  { left, top, scale }: View,
  where: "above" | "below",
): void {
  context.font = "11px sans-serif";
  context.textBaseline = "bottom";
  for (const { box, name, colour, confidence } of boxes) {
    const text = confidence === null ? name : `${name} ${confidence.toFixed(2)}`.trim();
    if (!text) continue;
    const [x, y] = [left + box.x * scale, top + box.y * scale];
    const width = context.measureText(text).width + 6;
    const foot = where === "below" ? y + box.height * scale + 15 : y < 15 ? y + 15 : y;
    context.fillStyle = "rgb(0 0 0 / 70%)";
    context.fillRect(x, foot - 14, width, 14);
    context.fillStyle = colour;
    context.fillRect(x, foot - 14, 2, 14);
    context.fillStyle = "#ffffff";
    context.fillText(text, x + 4, foot - 1);
  }
}

/** Polygons of the row that says the box: `[[x1, y1, x2, y2, …], …]`, as COCO has them. */
export function shapesOf(row: Row): number[][] {
  const cell = row.segmentation;
  if (!Array.isArray(cell)) return [];
  return cell.filter((shape): shape is number[] => isPoints(shape));
}

const isPoints = (shape: Cell) =>
  Array.isArray(shape) && shape.length >= 6 && shape.every((part) => typeof part === "number");

function tracePolygon(context: CanvasRenderingContext2D, shape: readonly number[], { left, top, scale }: View): void {
  for (let i = 0; i + 1 < shape.length; i += 2) {
    const [x, y] = [left + shape[i] * scale, top + shape[i + 1] * scale];
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.closePath();
}
