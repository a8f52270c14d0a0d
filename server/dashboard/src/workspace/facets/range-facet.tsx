/** Numbers and times: a histogram to brush over, two fields for the exact bounds, and what is no number. */
import { useQuery } from "@tanstack/react-query";
import { scaleLinear } from "d3-scale";
import { type FormEvent, type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Histogram, TableColumn } from "../../api/contract";
import { histogramOptions } from "../../api/queries";
import type { Bitmask } from "../../core/bitmask";
import { whereOf } from "../../core/filter";
import { count, measured } from "../../parts/amounts";
import { Failure, Loading } from "../../parts/states";
import { compute } from "../../worker/compute-client";
import { isTime } from "../columns";
import { addClause, setFilter, useWorkspace } from "../context";
import { usePreview } from "../preview";
import { useFilterMask, useWholeColumn } from "../whole-columns";

const WIDTH = 200;
const HEIGHT = 56;

export function RangeFacet({ column }: { column: TableColumn }) {
  const { at, version, filter } = useWorkspace();
  const here = filter.findIndex(
    ({ condition, negated }) => condition.kind === "range" && condition.column === column.name && !negated,
  );
  // The facet shows what the other filters leave: its own would hide what can be chosen.
  const others = whereOf(filter, here < 0 ? undefined : here);
  const all = useQuery(histogramOptions(at, version, column.name));
  const left = useQuery({ ...histogramOptions(at, version, column.name, others), enabled: others !== undefined });
  if (all.error) return <Failure error={all.error} what={column.name} onRetry={() => void all.refetch()} />;
  if (!all.data) return <Loading what={column.name} lines={1} />;
  return <Brush column={column} all={all.data} left={others === undefined ? all.data : left.data} />;
}

function Brush({ column, all, left }: { column: TableColumn; all: Histogram; left: Histogram | undefined }) {
  const { filter } = useWorkspace();
  const set = filter.find(
    ({ condition, negated }) => condition.kind === "range" && condition.column === column.name && !negated,
  );
  const range = set?.condition.kind === "range" ? set.condition : null;
  const [drag, setDrag] = useState<[number, number] | null>(null);
  // The column is fetched when the pointer comes near, so that the first drag shows its rows.
  const [isNear, setNear] = useState(false);
  const svg = useRef<SVGSVGElement>(null);
  const preview = useRangePreview(column, isNear || drag !== null);
  const [min, max] = [all.edges[0] ?? 0, all.edges[all.edges.length - 1] ?? 1];
  const x = useMemo(() => scaleLinear([min, max], [0, WIDTH]).clamp(true), [min, max]);
  const most = Math.max(1, ...all.counts);
  const height = (amount: number) => (amount === 0 ? 0 : Math.max(2, (Math.sqrt(amount) / Math.sqrt(most)) * HEIGHT));
  const isWhen = isTime(column);
  const show = (value: number) => (isWhen ? new Date(value).toISOString().slice(0, 10) : measured(value));

  const valueAt = (event: PointerEvent) => {
    const box = svg.current?.getBoundingClientRect();
    return box ? x.invert(((event.clientX - box.left) / box.width) * WIDTH) : min;
  };
  const commit = (low: number | null, high: number | null) => {
    addClause(filter, {
      condition: { kind: "range", column: column.name, low, high, ...(isWhen ? { is: "time" as const } : {}) },
    });
  };
  const clear = () => setFilter(filter.filter((clause) => clause !== set));
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
    else commit(low <= min ? null : tidy(low, min, max), high >= max ? null : tidy(high, min, max));
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Escape" && range) {
      event.stopPropagation();
      clear();
    }
  };
  const [low, high] = drag ? [Math.min(...drag), Math.max(...drag)] : [range?.low ?? min, range?.high ?? max];
  return (
    <div className="facet-body">
      <svg
        ref={svg}
        className="brush"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${column.name}: ${count(all.total)} values from ${show(min)} to ${show(max)}. Drag over it, or use the fields below.`}
        onPointerEnter={() => setNear(true)}
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
        column={column}
        low={range?.low ?? null}
        high={range?.high ?? null}
        show={show}
        min={min}
        max={max}
        onSet={(from, to) => (from === null && to === null ? clear() : commit(from, to))}
      />
      <NoNumbers column={column} histogram={all} />
    </div>
  );
}

const barWidth = (x: (value: number) => number, of: Histogram, i: number) =>
  Math.max(0.5, x(of.edges[i + 1]) - x(of.edges[i]) - 0.5);

/** A dragged bound to the digits that the picture can show. */
function tidy(value: number, min: number, max: number): number {
  const digits = Math.max(0, Math.ceil(-Math.log10((max - min || 1) / 1000)));
  return Number(value.toFixed(Math.min(12, digits)));
}

function Bounds(props: {
  column: TableColumn;
  low: number | null;
  high: number | null;
  min: number;
  max: number;
  show(value: number): string;
  onSet(low: number | null, high: number | null): void;
}) {
  const { column, min, max, show, onSet } = props;
  const isWhen = isTime(column);
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
        aria-label={`${column.name} from`}
        placeholder={show(min)}
        value={low}
        onChange={(event) => setLow(event.target.value)}
      />
      <span aria-hidden>–</span>
      <input
        className="field number"
        inputMode="decimal"
        aria-label={`${column.name} to`}
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

function NoNumbers({ column, histogram }: { column: TableColumn; histogram: Histogram }) {
  const { filter } = useWorkspace();
  const name = `"${column.name.replaceAll('"', '""')}"`;
  const kinds = [
    { what: "null", amount: histogram.nulls, condition: { kind: "null" as const, column: column.name } },
    {
      what: "NaN",
      amount: histogram.nan,
      condition: { kind: "sql" as const, sql: `CAST(${name} AS VARCHAR) = 'NaN'` },
    },
    {
      // NaN is the greatest of all in an order.
      what: "∞",
      amount: histogram.inf,
      condition: {
        kind: "sql" as const,
        sql: `${name} > 1.7976931348623157e308 AND CAST(${name} AS VARCHAR) <> 'NaN'`,
      },
    },
    {
      what: "−∞",
      amount: histogram.neg_inf,
      condition: { kind: "sql" as const, sql: `${name} < -1.7976931348623157e308` },
    },
  ].filter(({ amount }) => amount > 0);
  if (kinds.length === 0) return null;
  return (
    <div className="row-line no-numbers">
      {kinds.map(({ what, amount, condition }) => (
        <button key={what} type="button" className="button plain" onClick={() => addClause(filter, { condition })}>
          {count(amount)} {what}
        </button>
      ))}
    </div>
  );
}

/** While a brush is dragged, plots show its rows at once: from the worker's copy of the column. */
function useRangePreview(column: TableColumn, isWanted: boolean) {
  const whole = useWholeColumn(isWanted && !isTime(column) ? column.name : undefined).data;
  const filterMask = useFilterMask().data;
  const asked = useRef(0);
  const told = useRef<unknown>(null);
  useEffect(() => () => usePreview.setState({ mask: null }), []);
  return {
    show(low: number, high: number) {
      if (whole?.kind !== "number") return;
      const id = `facet ${column.name}`;
      if (told.current !== whole) {
        compute().tell({ ask: "column", column: id, values: whole.values, valid: whole.valid?.words ?? null });
        told.current = whole;
      }
      const mine = ++asked.current;
      void compute()
        .range({ column: id, low, high, within: filterMask?.words ?? null })
        .then((mask: Bitmask) => mine === asked.current && usePreview.setState({ mask }))
        .catch(() => undefined);
    },
    end() {
      asked.current++;
      usePreview.setState({ mask: null });
    },
  };
}
