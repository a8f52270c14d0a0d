/** A scroll container whose rows may be higher together than a browser allows; see `core/scaled-scroll.ts`. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import {
  isScaled,
  lastTop,
  type ScrollShape,
  scrolledHeight,
  scrollOfTop,
  topOfScroll,
  topToShow,
  visibleRows,
} from "../core/scaled-scroll";

export interface ScaledScroll {
  container: RefObject<HTMLDivElement | null>;
  /** Height of the element that makes the scroll bar. */
  height: number;
  viewHeight: number;
  viewWidth: number;
  first: number;
  end: number;
  /** Where row `first` stands in the view. */
  offset: number;
  show(row: number): void;
  moveBy(pixels: number): void;
}

/** `rowsOf` tells how many rows there are for a width; `headHeight` is what stands above them in the container. */
export function useScaledScroll(
  rowsOf: (viewWidth: number) => number,
  rowHeight: number,
  headHeight: number,
): ScaledScroll {
  const container = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ width: 0, height: 0 });
  const [top, setTop] = useState(0);
  const expected = useRef(-1);
  const rows = rowsOf(view.width);
  const shape: ScrollShape = { rows, rowHeight, viewHeight: Math.max(0, view.height - headHeight) };
  const latest = useRef({ shape, top });
  latest.current = { shape, top };

  const moveTo = useCallback((next: number) => {
    const now = latest.current.shape;
    const bounded = Math.min(lastTop(now), Math.max(0, next));
    latest.current.top = bounded;
    setTop(bounded);
    const element = container.current;
    if (!element) return;
    element.scrollTop = scrollOfTop(now, bounded);
    // The browser rounds what it is told: its own event of it is no movement of the person.
    expected.current = element.scrollTop;
  }, []);

  useLayoutEffect(() => {
    const element = container.current;
    if (!element) return;
    const measure = () => setView({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, []);

  useEffect(() => {
    const element = container.current;
    if (!element) return;
    const scroll = () => {
      if (Math.abs(element.scrollTop - expected.current) < 1) return;
      expected.current = -1;
      setTop(topOfScroll(latest.current.shape, element.scrollTop));
    };
    const wheel = (event: WheelEvent) => {
      if (event.ctrlKey || event.deltaY === 0 || !isScaled(latest.current.shape)) return;
      event.preventDefault();
      moveTo(latest.current.top + event.deltaY * (event.deltaMode === 1 ? latest.current.shape.rowHeight : 1));
    };
    element.addEventListener("scroll", scroll, { passive: true });
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      element.removeEventListener("scroll", scroll);
      element.removeEventListener("wheel", wheel);
    };
  }, [moveTo]);

  // Fewer rows or a higher view: the end may have come nearer.
  useEffect(() => {
    const last = lastTop({ rows, rowHeight, viewHeight: shape.viewHeight });
    if (latest.current.top > last) moveTo(last);
  }, [rows, rowHeight, shape.viewHeight, moveTo]);

  const { first, end, offset } = visibleRows(shape, Math.min(top, lastTop(shape)));
  return {
    container,
    height: scrolledHeight(shape),
    viewHeight: shape.viewHeight,
    viewWidth: view.width,
    first,
    end,
    offset,
    show: useCallback((row) => moveTo(topToShow(latest.current.shape, latest.current.top, row)), [moveTo]),
    moveBy: useCallback((pixels) => moveTo(latest.current.top + pixels), [moveTo]),
  };
}
