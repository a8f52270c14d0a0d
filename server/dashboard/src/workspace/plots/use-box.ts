/** The size of an element, as it is laid out. */
import { type RefObject, useEffect, useRef, useState } from "react";

export function useBox(): [RefObject<HTMLDivElement | null>, { width: number; height: number }] {
  const element = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState({ width: 0, height: 0 });
  useEffect(() => {
    if (!element.current) return;
    const watch = new ResizeObserver(([{ contentRect }]) => {
      setBox({ width: Math.floor(contentRect.width), height: Math.floor(contentRect.height) });
    });
    watch.observe(element.current);
    return () => watch.disconnect();
  }, []);
  return [element, box];
}
