/** What a button needs so that it knows whether Space or the pointer is held on it. */
import type { KeyboardEvent } from "react";

export function whileHeld(set: (isHeld: boolean) => void) {
  const onSpace = (isHeld: boolean) => (event: KeyboardEvent) => {
    if (event.key !== " ") return;
    event.preventDefault();
    set(isHeld);
  };
  return {
    onKeyDown: onSpace(true),
    onKeyUp: onSpace(false),
    onPointerDown: () => set(true),
    onPointerUp: () => set(false),
    onPointerLeave: () => set(false),
  };
}
