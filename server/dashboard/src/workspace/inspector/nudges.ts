/** A box moved or resized by keys: each press goes on from the one before it, however long the service takes. */
import { useEffect, useRef, useState } from "react";
import type { Box } from "../../core/box";
import type { ShownBox } from "../boxes";

export interface Nudged {
  key: string;
  box: Box;
  /** Whether one of the presses changed its size. */
  isResized: boolean;
}

/** A box that is not read back where it was put by then was moved by somebody else, or an undo. */
const READ_BACK_MS = 3000;
/** Cells have two digits. */
const SAME_PX = 0.01;

type Write = (nudged: Nudged) => Promise<boolean>;

/** `nudged` is where the box is shown until `boxes`, which may be read of an edit before, have it there. */
export function useNudges(boxes: readonly ShownBox[]) {
  const [nudged, setNudged] = useState<Nudged | null>(null);
  const queue = useRef<{ nudged: Nudged; write: Write }[]>([]);
  const isWriting = useRef(false);
  const timer = useRef(0);
  useEffect(() => {
    const read = boxes.find(({ key }) => key === nudged?.key)?.box;
    if (!isWriting.current && read && nudged && isSame(read, nudged.box)) setNudged(null);
  }, [boxes, nudged]);
  useEffect(() => () => clearTimeout(timer.current), []);
  /** One edit is under way at a time; presses meanwhile are the next one together. */
  const nudge = async (next: Nudged, write: Write) => {
    setNudged(next);
    queue.current = [...queue.current.filter((one) => one.nudged.key !== next.key), { nudged: next, write }];
    if (isWriting.current) return;
    isWriting.current = true;
    clearTimeout(timer.current);
    for (let one = queue.current.shift(); one; one = queue.current.shift()) {
      if (await one.write(one.nudged)) continue;
      queue.current = [];
      setNudged(null);
    }
    isWriting.current = false;
    timer.current = window.setTimeout(() => setNudged(null), READ_BACK_MS);
  };
  return { nudged, nudge };
}

const isSame = (a: Box, b: Box) =>
  (["x", "y", "width", "height"] as const).every((side) => Math.abs(a[side] - b[side]) <= SAME_PX);
