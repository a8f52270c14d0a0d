/** Which cells the draft has changed, for the mark beside them. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { body, service } from "../api/client";
import { keys } from "../api/queries";
import { useWorkspace } from "./context";

/** Of a draft with more changes, only the first are marked; the review shows all. */
const MARKED_MAX = 5000;

export function useEditedCells(): { has(key: string, column: string): boolean } {
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
    for (const row of isClean ? [] : (asked.data ?? [])) {
      if (row.table === table.name) cells.add(`${row.key}\n${row.change === "set" ? (row.column ?? "") : ""}`);
    }
    return { has: (key: string, column: string) => cells.has(`${key}\n${column}`) || cells.has(`${key}\n`) };
  }, [asked.data, table.name, isClean]);
}
