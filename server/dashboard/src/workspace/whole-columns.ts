/** Columns of all rows for plots, and the filter's mask: asked once, kept until an edit makes them old. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { fetchColumn, fetchMask, fetchPositions } from "../api/client";
import { isStatus } from "../api/problem";
import { tableKey } from "../api/queries";
import { type Column, type Positions, toPositions } from "../core/column";
import { useWorkspace } from "./context";
import { seen, useVersions, versionOf } from "./versions";

const KEPT = { gcTime: 30_000, placeholderData: keepPreviousData };

/** A branch tells by its draft's state when it changes, a revision never does; of `main~2` nobody tells. */
function useFreshness() {
  const { branch, at } = useWorkspace();
  return { ...KEPT, staleTime: branch !== null || /^[0-9a-f]{64}$/.test(at.ref) ? Number.POSITIVE_INFINITY : 10_000 };
}

/** The state of a column that queries are keyed by. */
function useColumnKey(column: string | undefined, as: string) {
  const { at, version } = useWorkspace();
  const versions = useVersions();
  useEffect(() => seen(version), [version]);
  return [...tableKey(at, ""), "whole", as, column ?? "", versionOf(versions, column ?? "")];
}

export function usePositions(column: string | undefined) {
  const { at } = useWorkspace();
  const fresh = useFreshness();
  return useQuery({
    ...fresh,
    queryKey: useColumnKey(column, "u16"),
    enabled: column !== undefined,
    queryFn: async ({ signal }): Promise<Positions> => {
      try {
        return await fetchPositions(at, column ?? "", signal);
      } catch (error) {
        if (!isStatus(error, 400) && !isStatus(error, 422)) throw error;
        // Not every number type has positions of its own.
        const whole = await fetchColumn(at, column ?? "", signal);
        if (whole.kind === "number") return toPositions(whole);
        throw error;
      }
    },
  });
}

export function useWholeColumn(column: string | undefined) {
  const { at } = useWorkspace();
  const fresh = useFreshness();
  return useQuery({
    ...fresh,
    queryKey: useColumnKey(column, "whole"),
    enabled: column !== undefined,
    queryFn: ({ signal }): Promise<Column> => fetchColumn(at, column ?? "", signal),
  });
}

/** The rows that the filter shows; data is undefined where there is no filter. */
export const useFilterMask = () => useMask(useWorkspace().where);

/** The rows for which a condition is true; data is undefined without one. */
export function useMask(where: string | undefined) {
  const { at, version, table } = useWorkspace();
  const fresh = useFreshness();
  return useQuery({
    ...fresh,
    queryKey: [...tableKey(at, version), "mask", where ?? ""],
    enabled: where !== undefined,
    queryFn: ({ signal }) => fetchMask(at, where ?? "", table.rows, signal),
  });
}
