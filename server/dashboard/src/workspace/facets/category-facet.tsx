/** Classes and other repeated values: a list with counts, and a search where there are many. */
import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import type { Cell, TableColumn } from "../../api/contract";
import { groupsOptions } from "../../api/queries";
import { whereOf } from "../../core/filter";
import { count, counted } from "../../parts/amounts";
import { Failure, Loading } from "../../parts/states";
import { categoryColour } from "../../render/palette";
import { useClassOrder } from "../class-order";
import { classColour, classText } from "../columns";
import { addClause, setFilter, useWorkspace } from "../context";

const SHOWN = 100;

export function CategoryFacet({ column }: { column: TableColumn }) {
  const { at, version, filter } = useWorkspace();
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search.trim());
  const here = filter.findIndex(
    ({ condition, negated }) => condition.kind === "in" && condition.column === column.name && !negated,
  );
  const others = whereOf(filter, here < 0 ? undefined : here);
  const groups = useQuery(groupsOptions(at, version, column.name, others, wanted || undefined, SHOWN));
  const order = useClassOrder(column);
  if (groups.error) return <Failure error={groups.error} what={column.name} onRetry={() => void groups.refetch()} />;
  if (!groups.data) return <Loading what={column.name} lines={3} />;
  const { values, distinct, other, nulls } = groups.data;
  const condition = here < 0 ? null : filter[here].condition;
  const chosen = condition?.kind === "in" ? condition.values : [];
  const toggle = (value: string | null) => {
    const next = chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value];
    if (next.length === 0) setFilter(filter.filter((_, i) => i !== here));
    else addClause(filter, { condition: { kind: "in", column: column.name, values: next } });
  };
  const rows: { value: Cell; count: number }[] = values.filter(({ value }) => value !== null);
  if (nulls > 0) rows.push({ value: null, count: nulls });
  const most = Math.max(1, ...rows.map((row) => row.count));
  return (
    <div className="facet-body">
      {(distinct > 12 || search !== "") && (
        <input
          className="field"
          type="search"
          placeholder={`Search ${counted(distinct, "value")}`}
          aria-label={`Search the values of ${column.name}`}
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      <ul className="categories">
        {rows.map(({ value, count: amount }) => {
          const text = value === null ? null : String(value);
          const isOn = chosen.includes(text);
          const place = text === null ? -1 : order(text);
          return (
            <li key={text ?? "\0null"}>
              <label className={isOn ? "category is-on" : "category"}>
                <input type="checkbox" checked={isOn} onChange={() => toggle(text)} />
                {place >= 0 && (
                  <span
                    className="swatch"
                    style={{ background: categoryColour(place, classColour(column, text ?? "")) }}
                  />
                )}
                <bdi className={value === null ? "category-name quiet" : "category-name"}>
                  {clipped(classText(column, value))}
                </bdi>
                <span className="category-bar" style={{ width: `${(amount / most) * 36}px` }} />
                <span className="quiet number">{count(amount)}</span>
              </label>
            </li>
          );
        })}
      </ul>
      {rows.length === 0 && (
        <p className="quiet">No value {search ? "has this text" : "is left by the other filters"}.</p>
      )}
      {other > 0 && (
        <p className="quiet">
          The {values.length} most frequent of {counted(distinct, "value")}; {counted(other, "row")} have others: search
          for them.
        </p>
      )}
    </div>
  );
}

/** A cell may hold a megabyte; its beginning says which it is. */
const clipped = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
