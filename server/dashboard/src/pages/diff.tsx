/** What differs between two revisions, or a draft and its base: rows, boxes, classes, files. */
import "./pages.css";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Diff, DiffRow } from "../api/contract";
import { Drafts } from "../api/drafts";
import { useDataset, useDiff } from "../api/queries";
import { useCommands } from "../app/commands";
import { navigate, setQuery, usePlace } from "../app/location";
import { to } from "../app/routes";
import { count, counted, shortId } from "../parts/amounts";
import { Link } from "../parts/link";
import { Answered, Empty } from "../parts/states";
import { say, sayFailure } from "../parts/toasts";
import { ClassFlow } from "./class-flow";
import { FileChanges } from "./file-changes";
import { reversed } from "./give-back";
import { RowChange } from "./row-change";

const PAGE = 200;
const KINDS = ["all", "set", "inserted", "deleted", "column-added", "files"] as const;
type Kind = (typeof KINDS)[number];
const TITLES: Record<Kind, string> = {
  all: "All rows",
  set: "Changed",
  inserted: "Added",
  deleted: "Removed",
  "column-added": "Schema",
  files: "Files",
};

export default function DiffPage({ dataset }: { dataset: string }) {
  const { query } = usePlace();
  const [from, until] = [query.get("from") ?? "", query.get("to") ?? ""];
  const table = query.get("table") ?? undefined;
  const offset = Number(query.get("offset")) || 0;
  const asked = useDiff(dataset, from, until, { table, offset, limit: PAGE });
  if (from === "" || until === "") {
    return (
      <Empty title="Two revisions make a diff">
        <Link href={to.history(dataset)}>Pick them in the history</Link>
      </Empty>
    );
  }
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>
          Changes from <Ref dataset={dataset} name={from} /> to <Ref dataset={dataset} name={until} />
        </h1>
        <button type="button" className="button push" onClick={() => navigate(to.diff(dataset, until, from), true)}>
          Turn round
        </button>
      </div>
      <Answered asked={asked} what="The changes">
        {(diff) => <Changes diff={diff} dataset={dataset} from={from} until={until} offset={offset} />}
      </Answered>
    </div>
  );
}

/** A column that came and one that went are both a change of the schema. */
const kindOf = ({ change }: DiffRow) => (change === "column-dropped" ? "column-added" : change);

function Ref({ dataset, name }: { dataset: string; name: string }) {
  const shown = name.replace(/^draft:/, "");
  return (
    <Link href={to.workspace(dataset, shown)} className="mono">
      {name.startsWith("draft:") ? `draft on ${shown}` : shortId(name)}
    </Link>
  );
}

interface ChangesProps {
  diff: Diff;
  dataset: string;
  from: string;
  until: string;
  offset: number;
}

function Changes({ diff, dataset, from, until, offset }: ChangesProps) {
  const { query } = usePlace();
  const kind = (query.get("kind") ?? "all") as Kind;
  const flow = query.get("flow");
  const { summary } = diff;
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(
    () =>
      diff.rows.filter((row) => (kind === "all" || kindOf(row) === kind) && (flow === null || flow === flowName(row))),
    [diff.rows, kind, flow],
  );
  const changed = {
    all: diff.total_rows,
    set: summary.rows.set,
    inserted: summary.rows.inserted,
    deleted: summary.rows.deleted,
    "column-added": summary.columns ?? 0,
    files: diff.files.length,
  };
  const isSame = diff.total_rows === 0 && diff.files.length === 0;
  if (isSame) return <Empty title="Nothing differs" />;
  return (
    <>
      <p>
        {counted(summary.rows.set, "row")} changed, {count(summary.rows.inserted)} added, {count(summary.rows.deleted)}{" "}
        removed; files: {count(summary.files.modified)} modified, {count(summary.files.added)} added,{" "}
        {count(summary.files.removed)} removed, {count(summary.files.renamed)} renamed
        {diff.reformatted.length > 0 ? `; ${counted(diff.reformatted.length, "file")} only written differently` : ""}
      </p>
      <nav className="row-line diff-tabs" aria-label="Kinds of change">
        {KINDS.filter((one) => one === "all" || one === "files" || changed[one] > 0).map((one) => (
          <button
            key={one}
            type="button"
            className="button"
            aria-pressed={kind === one}
            onClick={() => setQuery({ kind: one === "all" ? null : one }, true)}
          >
            {TITLES[one]}
            {` ${count(changed[one])}`}
          </button>
        ))}
        <Tables diff={diff} />
      </nav>
      {summary.per_class.length > 0 && kind !== "files" && (
        <ClassFlow flows={summary.per_class} chosen={flow} onChoose={(next) => setQuery({ flow: next }, true)} />
      )}
      {kind === "files" ? (
        <FileChanges diff={diff} dataset={dataset} from={from} until={until} />
      ) : (
        <>
          <Revert
            dataset={dataset}
            from={from}
            until={until}
            rows={rows.filter((row) => chosen.has(nameOf(row)))}
            total={diff.total_rows}
          />
          <div className="card table-wrap">
            <table className="list">
              <thead>
                <tr>
                  <th>
                    <input
                      type="checkbox"
                      aria-label="Choose all shown rows"
                      checked={rows.length > 0 && rows.every((row) => chosen.has(nameOf(row)))}
                      onChange={(event) => setChosen(new Set(event.target.checked ? rows.map(nameOf) : []))}
                    />
                  </th>
                  <th>Picture</th>
                  <th>Row</th>
                  <th>Column</th>
                  <th>Before</th>
                  <th>After</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <RowChange
                    key={nameOf(row)}
                    row={row}
                    dataset={dataset}
                    from={from}
                    until={until}
                    isChosen={chosen.has(nameOf(row))}
                    onChoose={() => {
                      const next = new Set(chosen);
                      if (!next.delete(nameOf(row))) next.add(nameOf(row));
                      setChosen(next);
                    }}
                  />
                ))}
              </tbody>
            </table>
            {rows.length === 0 && <p className="card-body quiet">None of the changes on this page is of this kind.</p>}
          </div>
          <Pages offset={offset} shown={diff.rows.length} total={diff.total_rows} />
        </>
      )}
    </>
  );
}

const nameOf = ({ table, key, column, change }: DiffRow) => `${table}\n${key}\n${column ?? ""}\n${change}`;

export const flowName = ({ column, before, after }: { column?: string | null; before: unknown; after: unknown }) =>
  JSON.stringify([column, before, after]);

function Tables({ diff }: { diff: Diff }) {
  const { query } = usePlace();
  const names = [...new Set([...diff.rows.map(({ table }) => table), query.get("table") ?? ""])].filter(Boolean);
  if (names.length < 2 && !query.get("table")) return null;
  return (
    <select
      className="field push"
      aria-label="Table"
      value={query.get("table") ?? ""}
      onChange={(event) => setQuery({ table: event.target.value, offset: null }, true)}
    >
      <option value="">all tables</option>
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

function Pages({ offset, shown, total }: { offset: number; shown: number; total: number }) {
  if (total <= shown && offset === 0) return null;
  return (
    <div className="row-line">
      <button
        type="button"
        className="button"
        disabled={offset === 0}
        onClick={() => setQuery({ offset: String(Math.max(0, offset - PAGE)) })}
      >
        Earlier
      </button>
      <span>
        {count(offset + 1)}–{count(offset + shown)} of {count(total)}
      </span>
      <button
        type="button"
        className="button"
        disabled={offset + shown >= total}
        onClick={() => setQuery({ offset: String(offset + PAGE) })}
      >
        Later
      </button>
    </div>
  );
}

function Revert({
  dataset,
  from,
  until,
  rows,
  total,
}: {
  dataset: string;
  from: string;
  until: string;
  rows: DiffRow[];
  total: number;
}) {
  const client = useQueryClient();
  const branches = useDataset(dataset).data?.branches ?? [];
  const ofDraft = until.startsWith("draft:") ? until.slice("draft:".length) : null;
  const [branch, setBranch] = useState("");
  const chosen = ofDraft ?? (branch || (branches.find(({ name }) => name === until)?.name ?? branches[0]?.name ?? ""));
  const revert = async (what: "all" | "chosen") => {
    const drafts = new Drafts(client);
    try {
      if (ofDraft !== null && what === "chosen") {
        const { edits, left } = reversed(rows);
        if (left.length > 0) say(`${counted(left.length, "deleted row")} can only come back by undo`);
        if (edits.length === 0) return;
        await drafts.edit({ dataset, branch: ofDraft }, edits, `Gave ${counted(edits.length, "change")} back`);
      } else if (ofDraft !== null) await drafts.discard({ dataset, branch: ofDraft });
      else {
        const chosenRows = rows.flatMap(({ table, key, column }) =>
          key ? [{ table, key, ...(column ? { column } : {}) }] : [],
        );
        await drafts.revert({ dataset, branch: chosen }, from, until, what === "all" ? "all" : chosenRows);
      }
      await client.invalidateQueries({ queryKey: ["dataset", dataset] });
      say(
        what === "all"
          ? `${counted(total, "row")} are given back in the draft on ${chosen}`
          : `${counted(rows.length, "row")} are given back in the draft on ${chosen}`,
        {
          title: "Open the draft",
          run: () => navigate(to.workspace(dataset, chosen)),
        },
      );
    } catch (error) {
      sayFailure("Giving the rows back", error);
    }
  };
  useCommands([
    {
      id: "revert-rows",
      title: "Give the chosen rows back, as a draft",
      group: "Diff",
      keys: "R",
      run: () => (rows.length > 0 ? void revert("chosen") : say("Choose rows first")),
    },
  ]);
  return (
    <div className="row-line">
      <button
        type="button"
        className="button"
        disabled={rows.length === 0 || chosen === ""}
        onClick={() => void revert("chosen")}
      >
        Give {rows.length > 0 ? counted(rows.length, "chosen row") : "chosen rows"} back
      </button>
      <button
        type="button"
        className="button"
        disabled={total === 0 || chosen === ""}
        onClick={() => void revert("all")}
      >
        Give all {count(total)} back
      </button>
      {ofDraft === null && (
        <label className="row-line">
          <span className="quiet">in the draft on</span>
          <select className="field" value={chosen} onChange={(event) => setBranch(event.target.value)}>
            {branches.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
