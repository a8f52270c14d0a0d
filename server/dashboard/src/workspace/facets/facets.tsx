/** A filter for each column, made for its type; only what is open is counted. */
import { ChevronDown, ChevronRight } from "lucide-react";
import { type FormEvent, lazy, Suspense, useState } from "react";
import type { TableColumn } from "../../api/contract";
import { setQuery, usePlace } from "../../app/location";
import { Loading } from "../../parts/states";
import { isBoolean, isBoxList, isLabel, isNumber, isText, isTime } from "../columns";
import { addClause, useWorkspace } from "../context";
import { CategoryFacet } from "./category-facet";
import { RangeFacet } from "./range-facet";
import { TextFacet } from "./text-facet";

const InstanceFacet = lazy(() => import("./instance-facet"));

const OPENED = 3;

export function Facets() {
  const { columns, filter } = useWorkspace();
  const { query } = usePlace();
  const [search, setSearch] = useState("");
  const text = query.get("facets");
  const usable = columns.filter((column) => facetOf(column) !== null);
  // Labels and metrics are what people filter by; they are open from the start.
  const early = [...usable].sort((a, b) => rank(a) - rank(b)).slice(0, OPENED);
  const opened = new Set(text === null ? early.map(({ name }) => name) : (JSON.parse(safe(text)) as string[]));
  for (const { condition } of filter) if ("column" in condition) opened.add(condition.column);
  const toggle = (name: string) => {
    const next = new Set(opened);
    if (!next.delete(name)) next.add(name);
    setQuery({ facets: JSON.stringify([...next]) }, true);
  };
  const wanted = search.trim().toLowerCase();
  const shown = usable.filter(({ name }) => name.toLowerCase().includes(wanted)).sort((a, b) => rank(a) - rank(b));
  return (
    <div className="facets">
      <input
        id="facet-search"
        className="field facet-search"
        type="search"
        placeholder={`Search ${usable.length} columns`}
        aria-label="Search the columns"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <Expression />
      {shown.map((column) => (
        <section key={column.name} className="facet">
          <h2>
            <button
              type="button"
              className="facet-head"
              aria-expanded={opened.has(column.name)}
              onClick={() => toggle(column.name)}
            >
              {opened.has(column.name) ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
              <bdi className="facet-name">{column.name}</bdi>
              <span className="quiet push">{typeText(column)}</span>
            </button>
          </h2>
          {opened.has(column.name) && <Facet column={column} />}
        </section>
      ))}
      {shown.length === 0 && <p className="quiet facet-none">No column has “{search}” in its name.</p>}
    </div>
  );
}

function Facet({ column }: { column: TableColumn }) {
  switch (facetOf(column)) {
    case "range":
      return <RangeFacet column={column} />;
    case "categories":
      return <CategoryFacet column={column} />;
    case "text":
      return <TextFacet column={column} />;
    case "instances":
      return (
        <Suspense fallback={<Loading what="the facet" />}>
          <InstanceFacet column={column} />
        </Suspense>
      );
    default:
      return null;
  }
}

function typeText(column: TableColumn): string {
  if (isBoxList(column)) return "boxes";
  return column.role.kind === "plain" ? column.type : column.role.kind;
}

export function facetOf(column: TableColumn): "range" | "categories" | "text" | "instances" | null {
  if (isBoxList(column)) return "instances";
  if (isLabel(column) || isBoolean(column)) return "categories";
  if (isNumber(column) || isTime(column)) return "range";
  if (isText(column)) return column.role.kind === "image" || column.role.kind === "key" ? "text" : "categories";
  return null;
}

function rank(column: TableColumn): number {
  if (column.role.kind === "label") return column.editable ? 0 : 2;
  if (/(^|\.)(loss|confidence)$/.test(column.name)) return 1;
  if (column.role.kind === "split" || column.role.kind === "weight") return 3;
  return column.role.kind === "key" ? 6 : 4;
}

function safe(text: string): string {
  try {
    return Array.isArray(JSON.parse(text)) ? text : "[]";
  } catch {
    return "[]";
  }
}

function Expression() {
  const { filter } = useWorkspace();
  const [sql, setSql] = useState("");
  const add = (event: FormEvent) => {
    event.preventDefault();
    addClause(filter, { condition: { kind: "sql", sql: sql.trim() } });
    setSql("");
  };
  return (
    <form className="row-line facet-expression" onSubmit={add}>
      <input
        className="field mono"
        placeholder="SQL: loss > 1 AND label <> 'cat'"
        aria-label="Filter by an SQL condition"
        spellCheck={false}
        value={sql}
        onChange={(event) => setSql(event.target.value)}
      />
      <button type="submit" className="button" disabled={sql.trim() === ""}>
        Add
      </button>
    </form>
  );
}
