/** What a drag over a picture makes of a box. */
import { type Box, clampTo, type Handle, resize } from "../../core/box";

/** Places in pixels of the picture. */
export type BoxDrag =
  | { kind: "draw"; from: [number, number]; to: [number, number] }
  | { kind: "move"; box: Box; from: [number, number]; to: [number, number] }
  | { kind: "resize"; box: Box; handle: Handle; from: [number, number]; to: [number, number] };

export function dragged(drag: BoxDrag, size: { width: number; height: number } | null): Box | null {
  if (!size) return null;
  const [dx, dy] = [drag.to[0] - drag.from[0], drag.to[1] - drag.from[1]];
  switch (drag.kind) {
    case "draw": {
      const box = resize({ x: drag.from[0], y: drag.from[1], width: 0, height: 0 }, "se", dx, dy);
      return box.width < 1 || box.height < 1 ? null : clampTo(box, size.width, size.height);
    }
    case "move":
      return clampTo({ ...drag.box, x: drag.box.x + dx, y: drag.box.y + dy }, size.width, size.height);
    case "resize":
      return clampTo(resize(drag.box, drag.handle, dx, dy), size.width, size.height);
  }
}
