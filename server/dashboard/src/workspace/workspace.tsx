/** The page that stays open all day: filters, plots, rows and inspector of one view, linked. */
import "./workspace.css";
import "./facets/facets.css";
import "./plots/plots.css";
import "./rows/rows.css";
import "./inspector/inspector.css";
import "./triage.css";
import { lazy, Suspense, useEffect } from "react";
import { useCommands } from "../app/commands";
import { navigate, setQuery, usePlace } from "../app/location";
import { to } from "../app/routes";
import { Loading } from "../parts/states";
import { say } from "../parts/toasts";
import { addClause, setFilter, useWorkspace, WorkspaceProvider } from "./context";
import { Dock } from "./dock";
import { DraftBar } from "./draft-bar";
import { useEditing } from "./editing";
import { focusFromLink, useFocus } from "./focus";
import { LabelKeys } from "./label-keys";
import { clearSelection, useSelection } from "./selection";
import { TableSheets } from "./table-sheets";
import { ViewBar } from "./view-bar";
import { forgetVisited, openVisited, visit, write } from "./visited";

const Triage = lazy(() => import("./triage"));

export default function WorkspacePage({ dataset, refName }: { dataset: string; refName: string }) {
  return (
    <WorkspaceProvider dataset={dataset} refName={refName}>
      <Frame />
    </WorkspaceProvider>
  );
}

function Frame() {
  const { query } = usePlace();
  const { dataset, refName, table, at, dropped } = useWorkspace();
  const focus = query.get("focus");
  useEffect(() => focusFromLink(focus), [focus]);
  useEffect(() => openVisited(dataset, table.name), [dataset, table.name]);
  const looked = useFocus(({ key }) => key);
  useEffect(() => {
    if (looked !== null) visit(looked);
  }, [looked]);
  useEffect(() => {
    window.addEventListener("pagehide", write);
    return () => window.removeEventListener("pagehide", write);
  }, []);
  // Row numbers mean nothing in another table or view.
  // biome-ignore lint/correctness/useExhaustiveDependencies: they are what the effect waits for
  useEffect(() => clearSelection, [dataset, refName, table.name, table.rows]);
  useEffect(() => {
    if (dropped > 0) say(`${dropped} of the link's filters could not be read, and are left out`);
  }, [dropped]);
  useWorkspaceCommands();
  const isTriage = query.get("mode") === "triage";
  return (
    <div className="workspace">
      <h1 className="unseen">
        {dataset} at {refName}, table {at.table}
      </h1>
      <ViewBar />
      <LabelKeys />
      <TableSheets />
      {isTriage ? (
        <Suspense fallback={<Loading what="the queue" />}>
          <Triage />
        </Suspense>
      ) : (
        <Dock />
      )}
      <DraftBar />
    </div>
  );
}

function useWorkspaceCommands() {
  const { filter, dataset, refName, table } = useWorkspace();
  const { query } = usePlace();
  const editing = useEditing();
  const selection = () => useSelection.getState();
  const toSelection = (negated: boolean) => {
    const { count, where, clicked, dropped } = selection();
    if (count === 0) return say("No row is selected");
    const key = table.key ?? null;
    if (where !== null && clicked.size === 0 && dropped.size === 0) {
      addClause(filter, { condition: { kind: "sql", sql: where }, negated });
    } else if (where === null && key) {
      addClause(filter, { condition: { kind: "keys", column: key, keys: [...clicked.values()] }, negated });
    } else {
      return say("A selection of drawn and clicked rows together cannot be made a filter; select in one way");
    }
    clearSelection();
  };
  useCommands([
    { id: "undo", title: "Undo the last edit", group: "Edit", keys: "Mod+Z", run: () => void editing.undo() },
    { id: "redo", title: "Do it again", group: "Edit", keys: "Mod+Shift+Z Mod+Y", run: () => void editing.redo() },
    {
      id: "delete-rows",
      title: "Delete the selected rows",
      group: "Edit",
      keys: "X",
      run: () => void editing.deleteRows(),
    },
    {
      id: "accept-predictions",
      title: "Accept the predictions of the selected rows",
      group: "Edit",
      keys: "A",
      run: () => void editing.acceptPredictions(),
    },
    {
      id: "exclude-rows",
      title: "Exclude the selected rows from training",
      group: "Edit",
      run: () => void editing.include(false),
    },
    {
      id: "include-rows",
      title: "Include the selected rows in training",
      group: "Edit",
      run: () => void editing.include(true),
    },
    { id: "filter-to", title: "Filter to the selection", group: "Filter", keys: "E", run: () => toSelection(false) },
    {
      id: "filter-out",
      title: "Exclude the selection from the view",
      group: "Filter",
      keys: "Shift+E",
      run: () => toSelection(true),
    },
    {
      id: "forget-visited",
      title: "Forget which rows of this table were visited",
      group: "View",
      run: forgetVisited,
    },
    { id: "filter-clear", title: "Clear all filters", group: "Filter", keys: "D", run: () => setFilter([]) },
    {
      id: "filter-search",
      title: "Search the filters",
      group: "Filter",
      keys: "/",
      run: () => document.querySelector<HTMLInputElement>("#facet-search")?.focus(),
    },
    {
      id: "back",
      title: "Step back: the selection first",
      group: "General",
      keys: "Escape",
      hidden: true,
      run: () => (selection().count > 0 ? clearSelection() : query.get("mode") && setQuery({ mode: null })),
    },
    {
      id: "view-switch",
      title: "Switch between table and grid",
      group: "Rows",
      keys: "G",
      run: () => setQuery({ view: query.get("view") === "grid" ? null : "grid" }),
    },
    {
      id: "triage",
      title: "Triage: the most suspicious first",
      group: "Rows",
      keys: "T",
      run: () => setQuery({ mode: query.get("mode") === "triage" ? null : "triage" }),
    },
    {
      id: "go-history",
      title: "Go to the history",
      group: "Go to",
      keys: "H",
      run: () => navigate(to.history(dataset)),
    },
    {
      id: "compare-head",
      title: "Compare the draft with its base",
      group: "Go to",
      run: () => navigate(to.diff(dataset, refName, `draft:${refName}`)),
    },
    { id: "next-region", title: "Next region", group: "General", keys: "F6", always: true, run: () => moveRegion(1) },
    {
      id: "previous-region",
      title: "Previous region",
      group: "General",
      keys: "Shift+F6",
      always: true,
      run: () => moveRegion(-1),
    },
  ]);
}

function moveRegion(by: number) {
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter(
    (region) => region.offsetParent !== null,
  );
  if (regions.length === 0) return;
  const here = regions.findIndex((region) => region.contains(document.activeElement));
  regions[(here + by + regions.length) % regions.length].focus();
}
