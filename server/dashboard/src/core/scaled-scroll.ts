/**
 * A scroll bar for more rows than a browser can lay out.
 *
 * Browsers bound the height of an element (some 17 to 33 million pixels): at 96 px, row 1,000,000 lies beyond.
 * The scrolled height is capped, and a place in it is a share of the rows; small steps (wheel, keys) stay exact,
 * since the top row is our state and the scroll bar only shows it.
 */

/** Below the bound of every browser. */
export const HEIGHT_MAX_PX = 8_000_000;

export interface ScrollShape {
  rows: number;
  rowHeight: number;
  viewHeight: number;
}

/** Height of the scrolled element. */
export function scrolledHeight(shape: ScrollShape): number {
  return Math.min(HEIGHT_MAX_PX, Math.max(shape.viewHeight, shape.rows * shape.rowHeight));
}

/** The pixel of the whole, unscaled table that may be topmost at the end. */
export function lastTop(shape: ScrollShape): number {
  return Math.max(0, shape.rows * shape.rowHeight - shape.viewHeight);
}

/** From the scroll bar to a pixel of the unscaled table. */
export function topOfScroll(shape: ScrollShape, scrollTop: number): number {
  const travel = scrolledHeight(shape) - shape.viewHeight;
  if (travel <= 0) return 0;
  return Math.min(1, Math.max(0, scrollTop / travel)) * lastTop(shape);
}

/** From a pixel of the unscaled table to the scroll bar. */
export function scrollOfTop(shape: ScrollShape, top: number): number {
  const last = lastTop(shape);
  return last === 0 ? 0 : (Math.min(last, Math.max(0, top)) / last) * (scrolledHeight(shape) - shape.viewHeight);
}

export function isScaled(shape: ScrollShape): boolean {
  return shape.rows * shape.rowHeight > HEIGHT_MAX_PX;
}

/** Rows [first, end) that are on the screen, and where the first one stands relative to the view's top. */
export function visibleRows(shape: ScrollShape, top: number): { first: number; end: number; offset: number } {
  const first = Math.min(Math.max(0, shape.rows - 1), Math.max(0, Math.floor(top / shape.rowHeight)));
  const end = Math.min(shape.rows, Math.ceil((top + shape.viewHeight) / shape.rowHeight));
  return { first, end: Math.max(first, end), offset: first * shape.rowHeight - top };
}

/** The top that brings `row` into view with the least movement. */
export function topToShow(shape: ScrollShape, top: number, row: number): number {
  const from = row * shape.rowHeight;
  const to = from + shape.rowHeight;
  if (from < top) return from;
  if (to > top + shape.viewHeight) return Math.min(lastTop(shape), to - shape.viewHeight);
  return top;
}
