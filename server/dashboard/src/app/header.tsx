/** Where the person is, and the ways from there. */
import { CircleHelp, Search, Settings } from "lucide-react";
import { Link } from "../parts/link";
import { useCommands } from "./commands";
import { navigate, usePlace } from "./location";
import { type Route, to } from "./routes";
import { useShell } from "./shell-state";

export function Header({ route }: { route: Route }) {
  const { open } = useShell();
  const { query } = usePlace();
  useCommands([
    {
      id: "palette",
      title: "Search or run a command",
      group: "General",
      keys: "Mod+K",
      always: true,
      run: () => open("palette"),
    },
    { id: "keys", title: "Show the keys", group: "General", keys: "?", run: () => open("keys") },
    { id: "go-home", title: "Go to the datasets", group: "Go to", run: () => navigate(to.home()) },
    { id: "go-runs", title: "Go to the runs", group: "Go to", run: () => navigate(to.runs()) },
    { id: "go-settings", title: "Go to the settings", group: "Go to", run: () => navigate(to.settings()) },
  ]);
  const dataset = "dataset" in route ? route.dataset : null;
  const ref = route.page === "workspace" ? route.ref : (query.get("at") ?? "main");
  return (
    <header className="header">
      <Link className="brand" href={to.home()}>
        <img src="/veneer.svg" alt="" width={22} height={22} /> Veneer
      </Link>
      <nav aria-label="Pages" className="header-nav">
        <Tab href={to.home()} isHere={route.page === "home"}>
          Datasets
        </Tab>
        <Tab href={to.runs()} isHere={route.page === "runs" || route.page === "compare"}>
          Runs
        </Tab>
      </nav>
      {dataset && (
        <nav aria-label={`Dataset ${dataset}`} className="header-nav of-dataset">
          <span className="header-dataset">{dataset}</span>
          <Tab href={to.workspace(dataset, ref)} isHere={route.page === "workspace"}>
            Workspace
          </Tab>
          <Tab href={to.history(dataset)} isHere={route.page === "history" || route.page === "diff"}>
            History
          </Tab>
        </nav>
      )}
      <span className="push row-line">
        <button type="button" className="button search-button" onClick={() => open("palette")}>
          <Search size={14} aria-hidden /> Search or run <kbd>Ctrl K</kbd>
        </button>
        <button
          type="button"
          className="button plain icon"
          aria-label="Show the keys"
          title="Keys (?)"
          onClick={() => open("keys")}
        >
          <CircleHelp size={16} aria-hidden />
        </button>
        <Link className="button plain icon" href={to.settings()} aria-label="Settings" title="Settings">
          <Settings size={16} aria-hidden />
        </Link>
      </span>
    </header>
  );
}

function Tab({ href, isHere, children }: { href: string; isHere: boolean; children: string }) {
  return (
    <Link className="header-tab" href={href} aria-current={isHere ? "page" : undefined}>
      {children}
    </Link>
  );
}
