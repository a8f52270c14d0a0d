/** What is shown, in one line: view, run, filter as chips, and how many rows that is. */
import { Menu } from "@base-ui/react/menu";
import { useQuery } from "@tanstack/react-query";
import { Bookmark, ListChecks, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { service } from "../api/client";
import { isStatus } from "../api/problem";
import { rowsOptions, savedViewsOptions, useDataset } from "../api/queries";
import { useCommands } from "../app/commands";
import { navigate, place, setQuery, usePlace } from "../app/location";
import { to } from "../app/routes";
import { describe } from "../core/filter";
import { count, shortId } from "../parts/amounts";
import { Sheet } from "../parts/sheet";
import { say, sayFailure } from "../parts/toasts";
import { setFilter, useWorkspace } from "./context";
import { usePageColumns } from "./page-columns";
import { PAGE_ROWS } from "./rows/row-pages";
import { clearSelection, useSelection } from "./selection";

export function ViewBar() {
  return (
    <div className="view-bar">
      <ViewChoices />
      <Chips />
      <Matched />
      <SavedViews />
      <TriageButton />
    </div>
  );
}

function ViewChoices() {
  const { dataset, refName, tables, table, runs, run, at } = useWorkspace();
  const { query } = usePlace();
  const known = useDataset(dataset);
  const names = [...(known.data?.branches ?? []), ...(known.data?.tags ?? [])].map(({ name }) => name);
  const state = Object.fromEntries(query);
  const epochs = run ? Array.from({ length: run.epochs }, (_, i) => String(i)) : [];
  return (
    <>
      <select
        className="field"
        aria-label="Branch, tag or revision"
        value={refName}
        onChange={(event) => navigate(to.workspace(dataset, event.target.value, state))}
      >
        {!names.includes(refName) && <option value={refName}>{shortId(refName)}</option>}
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {tables.length > 1 && (
        <select
          className="field"
          aria-label="Table"
          value={table.name}
          onChange={(event) => setQuery({ table: event.target.value, q: null, order: null, focus: null, plots: null })}
        >
          {tables.map(({ name, rows }) => (
            <option key={name} value={name}>
              {name} ({count(rows)})
            </option>
          ))}
        </select>
      )}
      {runs.length > 0 && (
        <select
          className="field"
          aria-label="Run whose metrics are shown"
          value={run?.name ?? ""}
          onChange={(event) => setQuery({ run: event.target.value, epoch: null, run2: null, plots: null })}
        >
          <option value="">no run</option>
          {runs.map(({ name, status }) => (
            <option key={name} value={name}>
              {name}
              {status === "finished" ? "" : ` (${status})`}
            </option>
          ))}
        </select>
      )}
      {run && epochs.length > 1 && (
        <select
          className="field"
          aria-label="Epoch"
          value={at.epoch ?? ""}
          onChange={(event) => setQuery({ epoch: event.target.value })}
        >
          <option value="">latest epoch</option>
          {epochs.map((epoch) => (
            <option key={epoch} value={epoch}>
              epoch {epoch}
            </option>
          ))}
        </select>
      )}
    </>
  );
}

function Chips() {
  const { filter } = useWorkspace();
  return (
    <ul className="chips" aria-label="Filters in force">
      {filter.map((clause, i) => {
        const text = describe(clause);
        return (
          <li key={`${i}${text}`} className="chip">
            <button
              type="button"
              className="chip-text"
              title={clause.negated ? `${text}. Click: turn it round` : `${text}. Click: turn it round`}
              aria-pressed={clause.negated ?? false}
              onClick={() =>
                setFilter(filter.map((other, j) => (j === i ? { ...other, negated: !other.negated } : other)))
              }
            >
              <bdi>{text.length > 60 ? `${text.slice(0, 58)}…` : text}</bdi>
            </button>
            <button
              type="button"
              className="chip-remove"
              aria-label={`Remove the filter ${text.slice(0, 80)}`}
              onClick={() => setFilter(filter.filter((_, j) => j !== i))}
            >
              <X size={12} aria-hidden />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function Matched() {
  const { at, version, where, order, table } = useWorkspace();
  const columns = usePageColumns();
  const selected = useSelection((state) => state.count);
  const first = useQuery(
    rowsOptions(at, version, { where, order: order || undefined, columns, offset: 0, limit: PAGE_ROWS }),
  );
  const total = first.data?.total ?? table.rows;
  const matched = where === undefined ? total : first.data?.matched;
  return (
    <span className="matched push" aria-live="polite">
      {first.error ? "— of " : matched === undefined ? "… of " : `${count(matched)} of `}
      {count(total)}
      {selected > 0 && (
        <span className="chip is-selection">
          <span className="chip-text">{count(selected)} selected</span>
          <button type="button" className="chip-remove" aria-label="Clear the selection" onClick={clearSelection}>
            <X size={12} aria-hidden />
          </button>
        </span>
      )}
    </span>
  );
}

function TriageButton() {
  const { query } = usePlace();
  const isOn = query.get("mode") === "triage";
  return (
    <button
      type="button"
      className="button"
      aria-pressed={isOn}
      title="Triage (T)"
      onClick={() => setQuery({ mode: isOn ? null : "triage" })}
    >
      <ListChecks size={14} aria-hidden /> Triage
    </button>
  );
}

function SavedViews() {
  const { dataset, refName, client } = useWorkspace();
  const views = useQuery(savedViewsOptions(dataset));
  const [isNaming, setNaming] = useState(false);
  const [name, setName] = useState("");
  useCommands([
    {
      id: "save-view",
      title: "Save this view",
      group: "View",
      keys: "Mod+S",
      always: true,
      run: () => setNaming(true),
    },
  ]);
  const again = () => client.invalidateQueries({ queryKey: savedViewsOptions(dataset).queryKey });
  const save = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const path = { dataset, name: name.trim() };
      // Over nothing but what is in the list: somebody else may have saved one of this name meanwhile.
      const known = views.data?.find((view) => view.name === path.name);
      const headers: Record<string, string> = known ? { "If-Match": `"${known.etag}"` } : { "If-None-Match": "*" };
      await service.PUT("/v1/datasets/{dataset}/views/{name}", {
        params: { path },
        headers,
        body: { state: place().query.toString() },
      });
      await again();
      setNaming(false);
      say(`Saved the view ${name.trim()}`);
    } catch (error) {
      if (isStatus(error, 412)) await again();
      sayFailure("Saving the view", error);
    }
  };
  const remove = async (view: string) => {
    try {
      await service.DELETE("/v1/datasets/{dataset}/views/{name}", { params: { path: { dataset, name: view } } });
      await again();
      say(`Removed the view ${view}`);
    } catch (error) {
      sayFailure("Removing the view", error);
    }
  };
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className="button" aria-label="Saved views">
          <Bookmark size={14} aria-hidden /> Views
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner sideOffset={4} align="end">
            <Menu.Popup className="menu">
              {(views.data ?? []).map((view) => (
                <Menu.Item
                  key={view.name}
                  className="menu-item"
                  onClick={() => navigate(`${to.workspace(dataset, refName)}?${view.state}`)}
                  onKeyDown={(event) => event.key === "Delete" && void remove(view.name)}
                >
                  {view.name} <span className="push quiet">Del removes</span>
                </Menu.Item>
              ))}
              <Menu.Item
                className="menu-item"
                onClick={() =>
                  copy(`veneer mount ${dataset}@${refName} DIR`).then((done) =>
                    say(done ? "The command is copied" : `veneer mount ${dataset}@${refName} DIR`),
                  )
                }
              >
                Copy the command that mounts this
              </Menu.Item>
              <Menu.Item className="menu-item" onClick={() => setNaming(true)}>
                Save this view…
              </Menu.Item>
              <Menu.Item
                className="menu-item"
                onClick={() =>
                  copy(window.location.href).then((done) =>
                    say(done ? "The link is copied" : "The link is in the address bar"),
                  )
                }
              >
                Copy the link
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <Sheet title="Save this view" isOpen={isNaming} onClose={() => setNaming(false)}>
        <form onSubmit={save} className="row-line">
          <input
            className="field"
            aria-label="Name of the view"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <button type="submit" className="button first" disabled={name.trim() === ""}>
            Save
          </button>
        </form>
      </Sheet>
    </>
  );
}

/** Plain http has no clipboard: then the address bar is the way. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
