/** A histogram to brush over, and two fields for the exact bounds. */
import { scaleLinear, scaleSqrt } from "d3-scale";
import { type FormEvent, type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import type { Span } from "../../core/instance";
import type { Bins } from "../../core/instances";
import { count, measured } from "../../parts/amounts";

const WIDTH = 200;
const HEIGHT = 56;

interface Props {
  name: string;
  /** What is counted: `values`, `boxes`. */
  what?: string;
  all: Bins;
  /** What the other filters leave of it. */
  left: Bins | undefined;
  range: Span | null;
  isWhen?: boolean;
  /** Places go by the root of the values: what is spread as areas are. */
  isRoot?: boolean;
  /** Both bounds null: no range any more. */
  onRange(low: number | null, high: number | null): void;
  onNear?(): void;
  /** While a brush is dragged, plots show its rows at once. */
  preview: { show(low: number, high: number): void; end(): void };
}

export function Brush({
  name,
  what = "values",
  all,
  left,
  range,
  isWhen = false,
  isRoot,
  onRange,
  onNear,
  preview,
}: Props) {
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const svg = useRef<SVGSVGElement>(null);
  const [min, max] = [all.edges[0] ?? 0, all.edges[all.edges.length - 1] ?? 1];
  const x = useMemo(() => (isRoot ? scaleSqrt : scaleLinear)([min, max], [0, WIDTH]).clamp(true), [isRoot, min, max]);
  const most = Math.max(1, ...all.counts);
  const height = (amount: number) => (amount === 0 ? 0 : Math.max(2, (Math.sqrt(amount) / Math.sqrt(most)) * HEIGHT));
  const show = (value: number) => (isWhen ? new Date(value).toISOString().slice(0, 10) : measured(value));

  const valueAt = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    return box ? x.invert(((event.clientX - box.left) / box.width) * WIDTH) : min;
  };
  const clear = () => onRange(null, null);
  const down = (event: PointerEvent<SVGSVGElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    const value = valueAt(event);
    setDrag([value, value]);
  };
  const move = (event: PointerEvent<SVGSVGElement>) => {
    if (!drag) return;
    const next: [number, number] = [drag[0], valueAt(event)];
    setDrag(next);
    preview.show(Math.min(...next), Math.max(...next));
  };
  const up = () => {
    if (!drag) return;
    const [low, high] = [Math.min(...drag), Math.max(...drag)];
    setDrag(null);
    preview.end();
    if (x(high) - x(low) < 2) clear();
    else onRange(low <= min ? null : tidy(low, min, max), high >= max ? null : tidy(high, min, max));
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && range) {
      event.stopPropagation();
      clear();
    }
  };
  const [low, high] = drag ? [Math.min(...drag), Math.max(...drag)] : [range?.low ?? min, range?.high ?? max];
  return (
    <>
      <svg
        ref={svg}
        className="brush"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name}: ${count(all.total)} ${what} from ${show(min)} to ${show(max)}. Drag over it, or use the fields below.`}
        onPointerEnter={onNear}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => setDrag(null)}
        onKeyDown={keys}
      >
        {all.counts.map((amount, i) => (
          <rect
            key={i}
            className="bar-all"
            x={x(all.edges[i])}
            width={barWidth(x, all, i)}
            y={HEIGHT - height(amount)}
            height={height(amount)}
          />
        ))}
        {left?.counts.map((amount, i) => {
          const middle = (left.edges[i] + left.edges[i + 1]) / 2;
          const isOut = middle < low || middle > high;
          return (
            <rect
              key={i}
              className={isOut ? "bar-left is-out" : "bar-left"}
              x={x(left.edges[i])}
              width={barWidth(x, left, i)}
              y={HEIGHT - height(amount)}
              height={height(amount)}
            />
          );
        })}
        {(drag || range) && (
          <rect className="brush-range" x={x(low)} width={Math.max(1, x(high) - x(low))} y={0} height={HEIGHT} />
        )}
      </svg>
      <Bounds
        key={`${range?.low} ${range?.high}`}
        name={name}
        isWhen={isWhen}
        low={range?.low ?? null}
        high={range?.high ?? null}
        show={show}
        min={min}
        max={max}
        onSet={onRange}
      />
    </>
  );
}

const barWidth = (x: (value: number) => number, of: Bins, i: number) =>
  Math.max(0.5, x(of.edges[i + 1]) - x(of.edges[i]) - 0.5);

/** A dragged bound to the digits that the picture can show. */
function tidy(value: number, min: number, max: number): number {
  const digits = Math.max(0, Math.ceil(-Math.log10((max - min || 1) / 1000)));
  return Number(value.toFixed(Math.min(12, digits)));
}

function Bounds(props: {
  name: string;
  isWhen: boolean;
  low: number | null;
  high: number | null;
  min: number;
  max: number;
  show(value: number): string;
  onSet(low: number | null, high: number | null): void;
}) {
  const { name, isWhen, min, max, show, onSet } = props;
  const asText = (value: number | null) =>
    value === null ? "" : isWhen ? new Date(value).toISOString().slice(0, 10) : String(value);
  const [low, setLow] = useState(asText(props.low));
  const [high, setHigh] = useState(asText(props.high));
  const read = (text: string) => {
    const value = text.trim() === "" ? Number.NaN : isWhen ? Date.parse(text) : Number(text);
    return Number.isFinite(value) ? value : null;
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (low !== asText(props.low) || high !== asText(props.high)) onSet(read(low), read(high));
  };
  return (
    <form
      className="row-line bounds"
      onSubmit={send}
      onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && send(event)}
    >
      <input
        className="field number"
        inputMode="decimal"
        aria-label={`${name} from`}
        placeholder={show(min)}
        value={low}
        onChange={(event) => setLow(event.target.value)}
      />
      <span aria-hidden>–</span>
      <input
        className="field number"
        inputMode="decimal"
        aria-label={`${name} to`}
        placeholder={show(max)}
        value={high}
        onChange={(event) => setHigh(event.target.value)}
      />
      <button type="submit" className="unseen" tabIndex={-1}>
        Set
      </button>
    </form>
  );
}
