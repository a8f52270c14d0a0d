/** Pages of the filtered, ordered list, fetched as they come into view; those that left it are cancelled. */
import { useQueries } from "@tanstack/react-query";
import { useRef } from "react";
import type { Row } from "../../api/contract";
import { rowsOptions } from "../../api/queries";
import { useWorkspace } from "../context";
import { usePageColumns } from "../page-columns";

export const PAGE_ROWS = 200;

export interface RowPages {
  /** The row at a place of the list, once its page is there. */
  at(position: number): Row | undefined;
  matched: number;
  total: number;
  error: unknown;
  isFetching: boolean;
  retry(): void;
}

/** Reads what rows [first, end) need. */
export function useRowPages(first: number, end: number): RowPages {
  const { at, version, where, order, table } = useWorkspace();
  const columns = usePageColumns();
  // Pages of the same list before an edit are shown until the new ones are there.
  const before = useRef<{ list: string; pages: Map<number, Row[]>; matched: number; total: number }>({
    list: "",
    pages: new Map(),
    matched: 0,
    total: 0,
  });
  const from = Math.floor(Math.max(0, first) / PAGE_ROWS);
  const to = Math.floor(Math.max(0, end - 1) / PAGE_ROWS);
  const numbers = Array.from({ length: Math.min(8, to - from + 1) }, (_, i) => from + i);
  const answers = useQueries({
    queries: numbers.map((page) =>
      rowsOptions(at, version, {
        where,
        order: order || undefined,
        columns,
        offset: page * PAGE_ROWS,
        limit: PAGE_ROWS,
      }),
    ),
  });
  const list = JSON.stringify([columns, at.dataset, at.table, at.run, at.epoch, at.run2, where, order]);
  if (before.current.list !== list)
    before.current = { list, pages: new Map(), matched: where === undefined ? table.rows : 0, total: table.rows };
  const kept = before.current;
  answers.forEach(({ data }, i) => {
    if (!data) return;
    kept.pages.delete(numbers[i]);
    kept.pages.set(numbers[i], data.rows as Row[]);
    kept.matched = data.matched;
    kept.total = data.total;
  });
  // Twenty thousand rows are more than anybody scrolls back through.
  for (const page of kept.pages.keys()) {
    if (kept.pages.size <= 100) break;
    kept.pages.delete(page);
  }
  return {
    at: (position) => kept.pages.get(Math.floor(position / PAGE_ROWS))?.[position % PAGE_ROWS],
    matched: kept.matched,
    total: kept.total,
    error: answers.find(({ error }) => error)?.error ?? null,
    isFetching: answers.some(({ isFetching }) => isFetching),
    retry: () => {
      for (const answer of answers) if (answer.error) void answer.refetch();
    },
  };
}
