/** Classes and other repeated values: a list with counts, and a search where there are many. */

import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import type { TableColumn } from "../../api/contract";
import { groupsOptions } from "../../api/queries";
import { whereOf } from "../../core/filter";
import { count, counted } from "../../parts/amounts";
import { SearchField } from "../../parts/search-field";
import { Failure, Loading } from "../../parts/states";
import { categoryColour } from "../../render/palette";
import { useClassOrder } from "../class-order";
import { CLASSES_MAX, classColour, classText, isLabel, labelColumn } from "../columns";
import { addClause, setFilter, useWorkspace } from "../context";
import { type Category, CategoryList } from "./category-list";

/** Of other texts, which may be a megabyte each. */
const TEXTS_MAX = 100;

export function CategoryFacet({ column }: { column: TableColumn }) {
  const { at, version, filter, table } = useWorkspace();
  const [search, setSearch] = useState("");
  const wanted = useDeferredValue(search.trim());
  const here = filter.findIndex(
    ({ condition, negated }) => condition.kind === "in" && condition.column === column.name && !negated,
  );
  const others = whereOf(filter, here < 0 ? undefined : here);
  const limit = isLabel(column) || column.name === labelColumn(table)?.name ? CLASSES_MAX : TEXTS_MAX;
  const groups = useQuery(groupsOptions(at, version, column.name, others, wanted || undefined, limit));
  const order = useClassOrder(column);
  if (groups.error) return <Failure error={groups.error} what={column.name} onRetry={() => void groups.refetch()} />;
  if (!groups.data) return <Loading what={column.name} lines={3} />;
  const { values, distinct, other, nulls } = groups.data;
  const condition = here < 0 ? null : filter[here].condition;
  const choose = (next: (string | null)[]) => {
    if (next.length === 0) setFilter(filter.filter((_, i) => i !== here));
    else addClause(filter, { condition: { kind: "in", column: column.name, values: next } });
  };
  const categories = values
    .filter(({ value }) => value !== null)
    .map(({ value, count: rows }): Category => {
      const text = String(value);
      const place = order(text);
      const colour = place >= 0 ? categoryColour(place, classColour(column, text)) : null;
      return { value: text, name: classText(column, value), count: rows, colour };
    });
  if (nulls > 0) categories.push({ value: null, name: classText(column, null), count: nulls, colour: null });
  return (
    <div className="facet-body">
      {(distinct > 12 || search !== "") && (
        <SearchField
          label={`Search the values of ${column.name}`}
          placeholder={`Search ${counted(distinct, "value")}`}
          value={search}
          onChange={setSearch}
        />
      )}
      <CategoryList
        name={column.name}
        categories={categories}
        chosen={condition?.kind === "in" ? condition.values : []}
        onChoose={choose}
      />
      {categories.length === 0 && (
        <p className="quiet">No value {search ? "has this text" : "is left by the other filters"}.</p>
      )}
      {other > 0 && (
        <p className="quiet">
          The {count(values.length)} most frequent of {counted(distinct, "value")}; {counted(other, "row")} have others:
          search for them.
        </p>
      )}
    </div>
  );
}
