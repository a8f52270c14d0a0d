/** Which cells the draft has changed, for the mark beside them. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { body, service } from "../api/client";
import { keys } from "../api/queries";
import { useWorkspace } from "./context";

/** Of a draft with more changes, only the first are marked; the review shows all. */
const MARKED_MAX = 5000;

export interface EditedCells {
  has(key: string, column: string): boolean;
  hasRow(key: string): boolean;
  /** The keys of all rows of the shown table that are marked. */
  keys: readonly string[];
}

export function useEditedCells(): EditedCells {
  const { dataset, branch, draft, version, table } = useWorkspace();
  const asked = useQuery({
    queryKey: [...keys.dataset(dataset), "draft-cells", branch, version],
    enabled: branch !== null && draft !== null && draft.edits.rows > 0,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const path = { dataset, branch: branch ?? "" };
      return body(
        await service.GET("/v1/datasets/{dataset}/drafts/{branch}/diff", {
          params: { path, query: { limit: MARKED_MAX } },
        }),
      ).rows;
    },
  });
  const isClean = draft === null || draft.edits.rows === 0;
  return useMemo(() => {
    const cells = new Set<string>();
    const keys = new Set<string>();
    for (const row of isClean ? [] : (asked.data ?? [])) {
      if (row.table !== table.name || !row.key) continue;
      cells.add(`${row.key}\n${row.change === "set" ? (row.column ?? "") : ""}`);
      if (row.change !== "deleted") keys.add(row.key);
    }
    return {
      has: (key, column) => cells.has(`${key}\n${column}`) || cells.has(`${key}\n`),
      hasRow: (key) => keys.has(key),
      keys: [...keys],
    };
  }, [asked.data, table.name, isClean]);
}
