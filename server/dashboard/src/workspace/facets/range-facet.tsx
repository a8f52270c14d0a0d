/** Numbers and times: a histogram to brush over, two fields for the exact bounds, and what is no number. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Histogram, TableColumn } from "../../api/contract";
import { histogramOptions } from "../../api/queries";
import type { Bitmask } from "../../core/bitmask";
import { type Condition, whereOf } from "../../core/filter";
import { count } from "../../parts/amounts";
import { Failure, Loading } from "../../parts/states";
import { compute } from "../../worker/compute-client";
import { isTime } from "../columns";
import { addClause, setFilter, useWorkspace } from "../context";
import { usePreview } from "../preview";
import { useFilterMask, useWholeColumn } from "../whole-columns";
import { Brush } from "./brush";

interface RangeProps {
  column: TableColumn;
  all: Histogram;
  left: Histogram | undefined;
  range: Extract<Condition, { kind: "range" }> | null;
}

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
  const range = filter[here]?.condition;
  return (
    <Range
      column={column}
      all={all.data}
      left={others === undefined ? all.data : left.data}
      range={range?.kind === "range" ? range : null}
    />
  );
}

function Range({ column, all, left, range }: RangeProps) {
  const { filter } = useWorkspace();
  // The column is fetched when the pointer comes near, so that the first drag shows its rows.
  const [isNear, setNear] = useState(false);
  const preview = useRangePreview(column, isNear);
  const isWhen = isTime(column);
  const set = (low: number | null, high: number | null) => {
    if (low === null && high === null) setFilter(filter.filter(({ condition }) => condition !== range));
    else
      addClause(filter, {
        condition: { kind: "range", column: column.name, low, high, ...(isWhen ? { is: "time" } : {}) },
      });
  };
  return (
    <div className="facet-body">
      <Brush
        name={column.name}
        all={all}
        left={left}
        range={range}
        isWhen={isWhen}
        onRange={set}
        onNear={() => setNear(true)}
        preview={preview}
      />
      <NoNumbers column={column} histogram={all} />
    </div>
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
