/** The one box that is worked on, with its handles. */
import { type Box, HANDLES, type Handle, handleAt } from "../../core/box";

export const HANDLE_PX = 8;

/** From pixels of the picture to pixels of its frame. */
export interface PictureView {
  scale: number;
  left: number;
  top: number;
}

interface Props {
  box: Box;
  view: PictureView;
  colour: string;
  hasHandles: boolean;
}

export function ActiveBox({ box, view, colour, hasHandles }: Props) {
  const at = (x: number, y: number): [number, number] => [view.left + x * view.scale, view.top + y * view.scale];
  const [x, y] = at(box.x, box.y);
  return (
    <svg className="picture-active" aria-hidden>
      <rect x={x} y={y} width={box.width * view.scale} height={box.height * view.scale} stroke={colour} />
      {hasHandles &&
        HANDLES.map((handle: Handle) => {
          const [hx, hy] = at(...handleAt(box, handle));
          return (
            <rect
              key={handle}
              className="handle"
              x={hx - HANDLE_PX / 2}
              y={hy - HANDLE_PX / 2}
              width={HANDLE_PX}
              height={HANDLE_PX}
            />
          );
        })}
    </svg>
  );
}
