/** Which columns the table shows, in which order; the first ones may be pinned. */
import type { TableColumn } from "../../api/contract";
import { setQuery, usePlace } from "../../app/location";
import { useWorkspace } from "../context";

/** More than these are hidden until they are asked for. */
const AT_FIRST = 14;

export interface ShownColumns {
  shown: TableColumn[];
  hidden: TableColumn[];
  /** How many of the first are pinned. */
  pinned: number;
  set(names: readonly string[], pinned?: number): void;
}

export function useShownColumns(): ShownColumns {
  const { columns } = useWorkspace();
  const { query } = usePlace();
  const text = query.get("cols");
  const byName = new Map(columns.map((column) => [column.name, column]));
  const named = text?.split(",").map(decodeURIComponent) ?? null;
  const usual = columns
    .filter(({ role, type }) => !["embedding", "image", "mask"].includes(role.kind) && !/struct/i.test(type))
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, AT_FIRST);
  const shown = named ? named.map((name) => byName.get(name)).filter((column) => column !== undefined) : usual;
  const pinned = Math.min(shown.length, Number(query.get("pinned")) || 0);
  return {
    shown,
    hidden: columns.filter((column) => !shown.includes(column)),
    pinned,
    set: (names, count = pinned) =>
      setQuery({ cols: names.map(encodeURIComponent).join(","), pinned: count > 0 ? String(count) : null }, true),
  };
}

/** The class and what a model says of it come first: they are what rows are looked at for. */
function rank({ role, name }: TableColumn): number {
  if (role.kind === "key") return 0;
  if (role.kind === "label") return 1;
  if (!name.includes(".")) return 3;
  return /\.[xyz]$/.test(name) ? 4 : 2;
}
