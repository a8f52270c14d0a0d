/** All boxes but the active one on a single canvas: thousands stay fluid. */
import type { ShownBox } from "../boxes";

export function paintBoxes(
  canvas: HTMLCanvasElement,
  frame: HTMLElement,
  boxes: readonly ShownBox[],
  view: { scale: number; left: number; top: number },
): void {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(frame.clientWidth * ratio), Math.round(frame.clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineWidth = boxes.length > 500 ? 1 : 2;
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
    context.strokeStyle = colour;
    context.stroke();
  }
}
