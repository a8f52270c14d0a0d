/** A list of any length: what is not on the screen does not exist, and each item says its place among all. */
import type { ReactNode } from "react";
import { useScaledScroll } from "./use-scaled-scroll";

/** Up to so many a list is one as any other. */
const SHORT = 60;
/** Items beyond the screen, so that the Tab key finds the next one. */
const BEYOND = 4;

interface Props<T> {
  items: readonly T[];
  itemHeight: number;
  keyOf(item: T): string | number;
  className: string;
  label: string;
  children(item: T): ReactNode;
}

export function LongList<T>(props: Props<T>) {
  const { items, keyOf, className, label, children } = props;
  if (items.length > SHORT) return <Windowed {...props} />;
  return (
    <ul className={className} aria-label={label}>
      {items.map((item) => (
        <li key={keyOf(item)}>{children(item)}</li>
      ))}
    </ul>
  );
}

function Windowed<T>({ items, itemHeight, keyOf, className, label, children }: Props<T>) {
  const scroll = useScaledScroll(() => items.length, itemHeight, 0);
  const from = Math.max(0, scroll.first - BEYOND);
  return (
    <div ref={scroll.container} className={`${className} long-list`}>
      <ul aria-label={label} style={{ height: items.length * itemHeight }}>
        {items.slice(from, scroll.end + BEYOND).map((item, i) => (
          <li
            key={keyOf(item)}
            aria-setsize={items.length}
            aria-posinset={from + i + 1}
            style={{ top: (from + i) * itemHeight, height: itemHeight }}
          >
            {children(item)}
          </li>
        ))}
      </ul>
    </div>
  );
}
