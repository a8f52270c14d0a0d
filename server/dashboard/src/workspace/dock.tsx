/** The regions, docked: each can be moved, resized and closed, and the layout is kept by the browser. */
import "dockview-react/dist/styles/dockview.css";
import {
  type DockviewApi,
  DockviewReact,
  type DockviewReadyEvent,
  type IDockviewPanel,
  type IDockviewPanelHeaderProps,
  type IDockviewPanelProps,
} from "dockview-react";
import { lazy, memo, Suspense, useEffect, useRef, useState } from "react";
import { useCommands } from "../app/commands";
import { FaultBoundary } from "../parts/fault-boundary";
import { setPlots, useWorkspace } from "./context";
import { Facets } from "./facets/facets";
import { Inspector } from "./inspector/inspector";
import { type PlotSpec, plotId, plotTitle } from "./plot-spec";
import { PlotPanel } from "./plots/plot-panel";
import { PlotPicker } from "./plots/plot-picker";
import { Rows } from "./rows/rows";

const ReduceForm = lazy(() => import("./plots/reduce-form"));

const LAYOUT = "veneer.layout";
const THEME = { name: "veneer", className: "dockview-theme-veneer", gap: 4 };

const Region = ({ title, children }: { title: string; children: React.ReactNode }) => (
  <section className="region" aria-label={title} tabIndex={-1} data-region>
    <FaultBoundary what={`The region ${title.toLowerCase()}`}>{children}</FaultBoundary>
  </section>
);

const components: Record<string, React.FunctionComponent<IDockviewPanelProps>> = {
  facets: () => (
    <Region title="Filters">
      <Facets />
    </Region>
  ),
  rows: () => (
    <Region title="Rows">
      <Rows />
    </Region>
  ),
  inspector: () => (
    <Region title="Inspector">
      <Inspector />
    </Region>
  ),
  newplot: () => (
    <Region title="New plot">
      <PlotPicker />
      <Suspense>
        <ReduceForm />
      </Suspense>
    </Region>
  ),
  plot: ({ params }: IDockviewPanelProps<{ id: string }>) => (
    <Region title="Plot">
      <PlotById id={params.id} />
    </Region>
  ),
};

function PlotById({ id }: { id: string }) {
  const { plots } = useWorkspace();
  const plot = plots.find((one) => plotId(one) === id);
  return plot ? <PlotPanel plot={plot} /> : null;
}

/** A tab without a button inside, which no tab may have: Delete closes it. */
function Tab({ api }: IDockviewPanelHeaderProps) {
  const [title, setTitle] = useState(api.title);
  useEffect(() => {
    const listening = api.onDidTitleChange(({ title: next }) => setTitle(next));
    return () => listening.dispose();
  }, [api]);
  return <span className="dock-tab">{title}</span>;
}

const FIXED: Record<string, string> = { facets: "Filters", rows: "Rows", inspector: "Inspector", newplot: "+ Plot" };

export const Dock = memo(function Dock() {
  const { plots } = useWorkspace();
  const [api, setApi] = useState<DockviewApi | null>(null);
  const shown = useRef<readonly PlotSpec[]>(plots);
  shown.current = plots;

  const ready = ({ api: dock }: DockviewReadyEvent) => {
    restore(dock);
    for (const [id, title] of Object.entries(FIXED)) dock.getPanel(id)?.setTitle(title);
    dock.onDidLayoutChange(() => localStorage.setItem(LAYOUT, JSON.stringify(dock.toJSON())));
    dock.onDidRemovePanel(({ id }) => {
      // A plot's panel that the person closed; the link follows.
      const rest = shown.current.filter((plot) => plotId(plot) !== id);
      if (rest.length !== shown.current.length) setPlots(rest);
    });
    setApi(dock);
  };

  useEffect(() => {
    if (!api) return;
    const wanted = new Map(plots.map((plot) => [plotId(plot), plot]));
    for (const panel of [...api.panels]) {
      if (panel.view.contentComponent === "plot" && !wanted.has(panel.id)) api.removePanel(panel);
    }
    let first: IDockviewPanel | null = null;
    for (const [id, plot] of wanted) {
      if (api.getPanel(id)) continue;
      const beside = api.getPanel("newplot") ?? api.panels.find(({ view }) => view.contentComponent === "plot");
      const position = beside
        ? { referencePanel: beside, index: Math.max(0, beside.group.panels.length - 1) }
        : { referencePanel: api.getPanel("rows") ?? "rows", direction: "above" as const };
      const panel = api.addPanel({
        id,
        component: "plot",
        title: plotTitle(plot),
        params: { id },
        position,
        inactive: true,
      });
      first ??= panel;
    }
    first?.api.setActive();
  }, [api, plots]);

  useCommands([
    { id: "reset-layout", title: "Reset the layout", group: "View", run: () => api && reset(api) },
    ...Object.entries(FIXED).map(([id, title]) => ({
      id: `show-${id}`,
      title: `Show ${title === "+ Plot" ? "the plot picker" : title.toLowerCase()}`,
      group: "View",
      run: () => api && (api.getPanel(id) ?? addFixed(api, id))?.focus(),
    })),
  ]);

  return (
    <DockviewReact
      className="dock"
      theme={THEME}
      components={components}
      defaultTabComponent={Tab}
      onReady={ready}
      disableFloatingGroups
      scrollbars="native"
    />
  );
});

function addFixed(api: DockviewApi, id: string) {
  const title = FIXED[id];
  if (id === "facets")
    return api.addPanel({ id, component: id, title, position: { direction: "left" }, initialWidth: 250 });
  if (id === "inspector")
    return api.addPanel({ id, component: id, title, position: { direction: "right" }, initialWidth: 360 });
  return api.addPanel({ id, component: id, title });
}

function reset(api: DockviewApi) {
  const plots = api.panels
    .filter(({ view }) => view.contentComponent === "plot")
    .map(({ id, title }) => ({ id, title }));
  localStorage.removeItem(LAYOUT);
  api.clear();
  arrange(api);
  for (const { id, title } of plots) {
    api.addPanel({ id, component: "plot", title, params: { id }, position: { referencePanel: "newplot", index: 0 } });
  }
}

function arrange(api: DockviewApi) {
  api.addPanel({ id: "rows", component: "rows", title: FIXED.rows });
  const position = { referencePanel: "rows", direction: "above" as const };
  api.addPanel({ id: "newplot", component: "newplot", title: FIXED.newplot, position });
  for (const id of ["facets", "inspector"]) addFixed(api, id);
  // Shares of the window are known only when it has been laid out.
  requestAnimationFrame(() => {
    const share = (of: number, least: number, most: number) =>
      Math.max(least, Math.min(most, Math.round(api.width * of)));
    api.getPanel("facets")?.api.setSize({ width: share(0.18, 200, 270) });
    api.getPanel("inspector")?.api.setSize({ width: share(0.26, 260, 400) });
    api.getPanel("newplot")?.api.setSize({ height: Math.round(api.height * 0.52) });
  });
}

function restore(api: DockviewApi) {
  const kept = localStorage.getItem(LAYOUT);
  if (kept) {
    try {
      api.fromJSON(JSON.parse(kept));
      // Plots are the link's: those of another dataset are not kept.
      for (const panel of [...api.panels]) if (panel.view.contentComponent === "plot") api.removePanel(panel);
      if (api.getPanel("rows")) return;
    } catch {
      localStorage.removeItem(LAYOUT);
    }
    api.clear();
  }
  arrange(api);
}
