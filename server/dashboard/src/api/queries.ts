/** What pages read: one hook for each question, cached by react-query. */
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { body, service } from "./client";
import type { CompareOrder, Comparison } from "./contract";
import { isStatus } from "./problem";
import { joinQuery, type TableAt } from "./urls";

/** The dataset's name first, so that all that is known of one can be asked anew at once. */
export const keys = {
  datasets: ["datasets"] as const,
  dataset: (name: string) => ["dataset", name] as const,
  draft: (name: string, branch: string) => ["dataset", name, "draft", branch] as const,
  view: (name: string, ref: string) => ["dataset", name, "view", ref] as const,
  runs: ["runs"] as const,
  mounts: ["mounts"] as const,
};

/** A full revision never changes: what was read of it is never asked again. */
const freshness = (ref: string) => (/^[0-9a-f]{64}$/.test(ref) ? Number.POSITIVE_INFINITY : 5_000);

export const useSession = () =>
  useQuery({ queryKey: ["session"], queryFn: async () => body(await service.GET("/v1/session")), staleTime: 60_000 });

export const useAbout = () =>
  useQuery({ queryKey: ["about"], queryFn: async () => body(await service.GET("/v1/about")), staleTime: 60_000 });

export const useMounts = () =>
  useQuery({ queryKey: keys.mounts, queryFn: async () => body(await service.GET("/v1/mounts")).mounts });

export const useDatasets = () =>
  useQuery({ queryKey: keys.datasets, queryFn: async () => body(await service.GET("/v1/datasets")).datasets });

export const useDataset = (dataset: string) =>
  useQuery({
    queryKey: keys.dataset(dataset),
    queryFn: async () => body(await service.GET("/v1/datasets/{dataset}", { params: { path: { dataset } } })),
  });

/** The draft of this page's person on a branch; null where there is none yet, or the ref is no branch. */
export const draftOptions = (dataset: string, branch: string | null) =>
  queryOptions({
    queryKey: keys.draft(dataset, branch ?? ""),
    enabled: branch !== null,
    staleTime: 30_000,
    queryFn: async () => {
      try {
        const path = { dataset, branch: branch ?? "" };
        return body(await service.GET("/v1/datasets/{dataset}/drafts/{branch}", { params: { path } }));
      } catch (error) {
        if (isStatus(error, 404) || isStatus(error, 403)) return null;
        throw error;
      }
    },
  });

export const tablesOptions = (dataset: string, ref: string, version: string) =>
  queryOptions({
    queryKey: [...keys.view(dataset, ref), "tables", version],
    staleTime: freshness(ref),
    placeholderData: keepPreviousData,
    queryFn: async () =>
      body(await service.GET("/v1/datasets/{dataset}/at/{ref}/tables", { params: { path: { dataset, ref } } })).tables,
  });

const tablePath = ({ dataset, ref, table }: TableAt) => ({ dataset, ref, table });

/** The key of what depends on a table's rows; `version` is the draft's state. */
export const tableKey = (at: TableAt, version: string) =>
  [...keys.view(at.dataset, at.ref), "table", at.table, at.run ?? "", at.epoch ?? "", at.run2 ?? "", version] as const;

export interface PageWanted {
  where?: string;
  order?: string;
  columns?: string;
  offset: number;
  limit: number;
}

export const rowsOptions = (at: TableAt, version: string, wanted: PageWanted) =>
  queryOptions({
    queryKey: [...tableKey(at, version), "rows", wanted],
    staleTime: freshness(at.ref),
    gcTime: 60_000,
    queryFn: async ({ signal }) =>
      body(
        await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/rows", {
          params: { path: tablePath(at), query: { ...wanted, ...joinQuery(at) } },
          signal,
        }),
      ),
  });

export const histogramOptions = (at: TableAt, version: string, column: string, where?: string, bins = 40) =>
  queryOptions({
    queryKey: [...tableKey(at, version), "histogram", column, where ?? "", bins],
    staleTime: freshness(at.ref),
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      body(
        await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/histogram", {
          params: { path: tablePath(at), query: { column, bins, where, ...joinQuery(at) } },
          signal,
        }),
      ),
  });

export const groupsOptions = (
  at: TableAt,
  version: string,
  column: string,
  where?: string,
  search?: string,
  limit = 200,
) =>
  queryOptions({
    queryKey: [...tableKey(at, version), "groups", column, where ?? "", search ?? "", limit],
    staleTime: freshness(at.ref),
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      body(
        await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/groups", {
          params: {
            path: tablePath(at),
            query: { column, where, limit, ...(search ? { search } : {}), ...joinQuery(at) },
          },
          signal,
        }),
      ),
  });

export const quantilesOptions = (at: TableAt, version: string, column: string, by?: string, where?: string) =>
  queryOptions({
    queryKey: [...tableKey(at, version), "quantiles", column, by ?? "", where ?? ""],
    staleTime: freshness(at.ref),
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      body(
        await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/quantiles", {
          params: { path: tablePath(at), query: { column, q: "0,0.25,0.5,0.75,1", by, where, ...joinQuery(at) } },
          signal,
        }),
      ),
  });

export const confusionOptions = (at: TableAt, version: string, actual: string, predicted: string, where?: string) =>
  queryOptions({
    queryKey: [...tableKey(at, version), "confusion", actual, predicted, where ?? ""],
    staleTime: freshness(at.ref),
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) =>
      body(
        await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/confusion", {
          params: { path: tablePath(at), query: { actual, predicted, where, ...joinQuery(at) } },
          signal,
        }),
      ),
  });

export const blameOptions = (at: TableAt, version: string, key: string) =>
  queryOptions({
    queryKey: [...tableKey(at, version), "blame", key],
    staleTime: freshness(at.ref),
    queryFn: async () =>
      body(
        await service.GET("/v1/datasets/{dataset}/at/{ref}/blame/{table}/{key}", {
          params: { path: { ...tablePath(at), key } },
        }),
      ),
  });

export const neighboursOptions = (at: TableAt, version: string, column: string, key: string, k = 12) =>
  queryOptions({
    queryKey: [...tableKey(at, version), "neighbours", column, key, k],
    staleTime: freshness(at.ref),
    queryFn: async () =>
      body(
        await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/neighbours", {
          params: { path: tablePath(at), query: { column, key, k, ...joinQuery(at) } },
        }),
      ).neighbours,
  });

export const useLog = (dataset: string, limit: number) =>
  useQuery({
    queryKey: [...keys.dataset(dataset), "log", limit],
    placeholderData: keepPreviousData,
    queryFn: async () =>
      body(
        await service.GET("/v1/datasets/{dataset}/log", { params: { path: { dataset }, query: { all: true, limit } } }),
      ).revisions,
  });

export const useDiff = (
  dataset: string,
  from: string,
  to: string,
  page: { table?: string; offset: number; limit: number },
) =>
  useQuery({
    queryKey: [...keys.dataset(dataset), "diff", from, to, page],
    placeholderData: keepPreviousData,
    enabled: from !== "" && to !== "",
    queryFn: async () =>
      body(
        await service.GET("/v1/datasets/{dataset}/diff", {
          params: { path: { dataset }, query: { from, to, ...page } },
        }),
      ),
  });

export const runsOptions = (dataset?: string) =>
  queryOptions({
    queryKey: [...keys.runs, dataset ?? ""],
    staleTime: 5_000,
    queryFn: async () => body(await service.GET("/v1/runs", { params: { query: dataset ? { dataset } : {} } })).runs,
  });

export const scalarsOptions = (run: string) =>
  queryOptions({
    queryKey: [...keys.runs, run, "scalars"],
    queryFn: async () => body(await service.GET("/v1/runs/{run}/scalars", { params: { path: { run } } })).curves,
  });

export const sampleMetricsOptions = (run: string, sample: string) =>
  queryOptions({
    queryKey: [...keys.runs, run, "sample", sample],
    queryFn: async () =>
      body(
        await service.GET("/v1/runs/{run}/metrics", {
          params: { path: { run }, query: { sample, epoch: "all", format: "json" } },
        }),
      ).rows,
  });

/** Labels are those of the branch as they are now. */
export const compareOptions = (runs: readonly string[], metric: string, order: CompareOrder, limit: number) =>
  queryOptions({
    queryKey: [...keys.runs, "compare", runs, metric, order, limit],
    enabled: runs.length > 1,
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const query = { runs: runs.join(","), metric, epoch: "latest", ref: "main", order, limit };
      return body(await service.GET("/v1/compare", { params: { query } })) as Comparison;
    },
  });

export const savedViewsOptions = (dataset: string) =>
  queryOptions({
    queryKey: [...keys.dataset(dataset), "saved-views"],
    queryFn: async () => {
      const answer = body(await service.GET("/v1/datasets/{dataset}/views", { params: { path: { dataset } } }));
      return answer.views;
    },
  });

/** The answer of a query that reads; `version` is what must change for it to be asked again. */
export const sqlOptions = (query: string | null, limit: number, version: readonly unknown[]) =>
  queryOptions({
    queryKey: [...keys.runs, "sql", query, limit, version],
    enabled: query !== null,
    staleTime: 60_000,
    queryFn: async ({ signal }) =>
      body(await service.POST("/v1/sql", { body: { query: query ?? "", limit, format: "json" }, signal })),
  });
