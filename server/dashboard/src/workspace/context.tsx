/** What the regions of a workspace share: the table that is shown, its filter, and who may edit it. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { Draft, Run, Table, TableColumn } from "../api/contract";
import { draftOptions, runsOptions, tablesOptions, useAbout, useDataset, useSession } from "../api/queries";
import type { TableAt } from "../api/urls";
import { setQuery, usePlace } from "../app/location";
import { type Clause, type Filter, fromText, toText, whereOf, withClause } from "../core/filter";
import { Answered, Empty, Loading } from "../parts/states";
import { mainTable, openingPlots, runColumns, withBoxClasses } from "./columns";
import { type PlotSpec, plotsOf } from "./plot-spec";

export interface Workspace {
  dataset: string;
  /** As the address has it: a branch, a tag or a revision. */
  refName: string;
  /** The branch that edits go to; null where the ref is none. */
  branch: string | null;
  /** Why nothing can be edited, or null. */
  readOnly: string | null;
  /** Why nothing can be recorded of a run either, or null. */
  noWriting: string | null;
  draft: Draft | null;
  at: TableAt;
  /** Changes with every edit: what was read under another one is old. */
  version: string;
  tables: Table[];
  table: Table;
  /** The table's own columns, and those of the joined runs. */
  columns: TableColumn[];
  runs: Run[];
  run: Run | null;
  filter: Filter;
  /** Clauses of the link that could not be read. */
  dropped: number;
  where: string | undefined;
  order: string;
  plots: PlotSpec[];
  client: QueryClient;
}

const Context = createContext<Workspace | null>(null);

export function useWorkspace(): Workspace {
  const workspace = useContext(Context);
  if (!workspace) throw new Error("used outside of a workspace");
  return workspace;
}

export function WorkspaceProvider({
  dataset,
  refName,
  children,
}: {
  dataset: string;
  refName: string;
  children: ReactNode;
}) {
  const { query } = usePlace();
  const client = useQueryClient();
  const known = useDataset(dataset);
  const branch = known.data?.branches.some(({ name }) => name === refName) ? refName : null;
  const draftAsked = useQuery(draftOptions(dataset, branch));
  const session = useSession();
  const about = useAbout();
  const draft = draftAsked.data ?? null;
  // What the draft holds is shown as soon as there is anything in it.
  const ref =
    branch !== null && draft && (draft.step !== null || draft.can_redo !== null) ? `draft:${branch}` : refName;
  const version = draft?.etag ?? "";
  const isReady = known.isSuccess && (branch === null || !draftAsked.isPending);
  const tables = useQuery({ ...tablesOptions(dataset, ref, version), enabled: isReady });
  const runs = useQuery(runsOptions(dataset));
  const [tableName, q, order, runName, epoch, run2, plotsText] = [
    "table",
    "q",
    "order",
    "run",
    "epoch",
    "run2",
    "plots",
  ].map((name) => query.get(name));
  const workspace = useMemo((): Workspace | null => {
    const known = withBoxClasses(tables.data ?? []);
    const table = known.find(({ name }) => name === tableName) ?? mainTable(known);
    if (!tables.data || !table) return null;
    const run = runs.data?.find(({ name }) => name === runName) ?? null;
    const other = runs.data?.find(({ name }) => name === run2) ?? null;
    const at: TableAt = { dataset, ref, table: table.name };
    if (run) Object.assign(at, { run: run.name, epoch: epoch ?? undefined, run2: other?.name });
    const columns = [...table.columns, ...runColumns(run, table), ...runColumns(other, table)];
    const { filter, dropped } = fromText(q);
    const noWriting = whyNoWriting(session.data?.role, about.data?.read_only);
    return {
      dataset,
      refName,
      branch,
      readOnly: noWriting ?? (branch === null ? "A revision or tag never changes; open a branch to edit" : null),
      noWriting,
      draft,
      at,
      version,
      tables: known,
      table,
      columns,
      runs: runs.data ?? [],
      run,
      filter,
      dropped,
      where: whereOf(filter),
      order: order ?? "",
      plots: plotsOf(plotsText) ?? openingPlots(table, columns),
      client,
    };
  }, [
    tables.data,
    runs.data,
    session.data,
    about.data,
    draft,
    dataset,
    refName,
    branch,
    ref,
    version,
    client,
    tableName,
    q,
    order,
    runName,
    epoch,
    run2,
    plotsText,
  ]);
  if (known.data && draftAsked.error && branch !== null) {
    return (
      <Answered asked={draftAsked} what={`The draft on ${branch}`}>
        {() => null}
      </Answered>
    );
  }
  return (
    <Answered asked={known} what={`Dataset ${dataset}`}>
      {() => {
        if (!isReady) return <Loading what="the draft" />;
        return (
          <Answered asked={tables} what={`${dataset} at ${refName}`}>
            {() =>
              workspace ? (
                <Context value={workspace}>{children}</Context>
              ) : (
                <Empty title="No table was found in this dataset">
                  Its files can be mounted and versioned; none of them is a format whose rows are known (image folders,
                  COCO, YOLO, Pascal VOC, CSV, JSONL, Parquet, Arrow).
                </Empty>
              )
            }
          </Answered>
        );
      }}
    </Answered>
  );
}

function whyNoWriting(role: string | undefined, isReadOnlyService: boolean | undefined): string | null {
  if (isReadOnlyService) return "The service is read-only";
  return role === "viewer" ? "Your token may only read" : null;
}

export const setFilter = (filter: Filter) => setQuery({ q: toText(filter) });

export const addClause = (filter: Filter, clause: Clause) => setFilter(withClause(filter, clause));

export const setPlots = (plots: readonly PlotSpec[], replace = false) =>
  setQuery({ plots: JSON.stringify(plots) }, replace);
