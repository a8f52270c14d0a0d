/** The frame around every page: header, service banner, palette, keys, messages; and which page it is. */
import { lazy, Suspense, useEffect } from "react";
import { FaultBoundary } from "../parts/fault-boundary";
import { Link } from "../parts/link";
import { Empty, Loading } from "../parts/states";
import { Toasts } from "../parts/toasts";
import { allCommands, runFor, useRegistry } from "./commands";
import { useFreshness } from "./freshness";
import { Header } from "./header";
import { KeySheet } from "./key-sheet";
import { usePlace } from "./location";
import { Palette } from "./palette";
import { type Route, routeOf, to } from "./routes";
import { ServiceBanner } from "./service-banner";
import { useShell } from "./shell-state";
import { TokenGate } from "./token-gate";

const pages = {
  home: lazy(() => import("../pages/home")),
  workspace: lazy(() => import("../workspace/workspace")),
  history: lazy(() => import("../pages/history")),
  diff: lazy(() => import("../pages/diff")),
  conflicts: lazy(() => import("../pages/conflicts")),
  runs: lazy(() => import("../pages/runs")),
  compare: lazy(() => import("../pages/compare")),
  settings: lazy(() => import("../pages/settings")),
};

export function App() {
  const { path } = usePlace();
  const route = routeOf(path);
  const { overlay, close } = useShell();
  useFreshness();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      runFor(event, allCommands(useRegistry.getState().layers));
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    document.title = titleOf(route);
  });
  return (
    <div className="shell">
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <Header route={route} />
      <ServiceBanner />
      <main id="page" className="page" tabIndex={-1}>
        <TokenGate>
          <Suspense fallback={<Loading what="the page" />}>
            <FaultBoundary key={path} what="This page">
              <Page route={route} />
            </FaultBoundary>
          </Suspense>
        </TokenGate>
      </main>
      <Palette isOpen={overlay === "palette"} onClose={close} />
      <KeySheet isOpen={overlay === "keys"} onClose={close} />
      <Toasts />
    </div>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.page) {
    case "home":
      return <pages.home />;
    case "workspace":
      return <pages.workspace key={`${route.dataset}@${route.ref}`} dataset={route.dataset} refName={route.ref} />;
    case "history":
      return <pages.history dataset={route.dataset} />;
    case "diff":
      return <pages.diff dataset={route.dataset} />;
    case "conflicts":
      return <pages.conflicts dataset={route.dataset} />;
    case "runs":
      return <pages.runs />;
    case "compare":
      return <pages.compare />;
    case "settings":
      return <pages.settings />;
    case "missing":
      return (
        <Empty title="There is no such page">
          <Link href={to.home()}>Go to the datasets</Link>
        </Empty>
      );
  }
}

function titleOf(route: Route): string {
  const what = "dataset" in route ? `${route.dataset} · ` : "";
  const names = {
    home: "Datasets",
    workspace: "Workspace",
    history: "History",
    diff: "Diff",
    conflicts: "Conflicts",
    runs: "Runs",
    compare: "Compare runs",
    settings: "Settings",
    missing: "Not found",
  };
  return `${what}${names[route.page]} · Veneer`;
}
