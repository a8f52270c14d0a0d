/** All revisions with their lanes; two of them make a diff. */
import "./pages.css";
import { useQueryClient } from "@tanstack/react-query";
import { GitBranch, Tag } from "lucide-react";
import { type FormEvent, useMemo, useState } from "react";
import { body, service } from "../api/client";
import type { LogEntry } from "../api/contract";
import { isProblem, isStatus } from "../api/problem";
import { keys, useDataset, useLog } from "../api/queries";
import { useCommands } from "../app/commands";
import { navigate, setQuery, usePlace } from "../app/location";
import { to } from "../app/routes";
import { type Lane, lanesOf } from "../core/lanes";
import { ago, counted, shortId } from "../parts/amounts";
import { Link } from "../parts/link";
import { Sheet } from "../parts/sheet";
import { Answered, Empty } from "../parts/states";
import { say, sayFailure } from "../parts/toasts";
import { categoryColour } from "../render/palette";

const PAGE = 200;
const LINE_PX = 58;
const LANE_PX = 16;

export default function HistoryPage({ dataset }: { dataset: string }) {
  const { query } = usePlace();
  const limit = Number(query.get("limit")) || PAGE;
  const log = useLog(dataset, limit);
  const picked = (query.get("picked") ?? "").split(",").filter(Boolean);
  const pick = (revision: string) => {
    const next = picked.includes(revision) ? picked.filter((one) => one !== revision) : [...picked, revision].slice(-2);
    setQuery({ picked: next.join(",") }, true);
  };
  const compare = () => {
    if (picked.length !== 2) return say("Pick two revisions to compare");
    const order = new Map((log.data ?? []).map(({ revision }, i) => [revision, i]));
    // The older one is what the other is compared with.
    const [older, newer] = [...picked].sort((a, b) => (order.get(b) ?? 0) - (order.get(a) ?? 0));
    navigate(to.diff(dataset, older, newer));
  };
  useCommands([
    { id: "compare-picked", title: "Compare the two picked revisions", group: "History", keys: "C", run: compare },
  ]);
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>History of {dataset}</h1>
        <span className="quiet">
          {picked.length === 0 ? "Pick two revisions to compare them" : `${counted(picked.length, "revision")} picked`}
        </span>
        <button type="button" className="button first push" disabled={picked.length !== 2} onClick={compare}>
          Compare
        </button>
      </div>
      <Merge dataset={dataset} />
      <Answered asked={log} what="The history">
        {(revisions) =>
          revisions.length === 0 ? (
            <Empty title="Nothing has been committed" />
          ) : (
            <>
              <Graph dataset={dataset} revisions={revisions} picked={picked} onPick={pick} />
              {revisions.length >= limit && (
                <button
                  type="button"
                  className="button"
                  onClick={() => setQuery({ limit: String(limit + PAGE) }, true)}
                >
                  Show older revisions
                </button>
              )}
            </>
          )
        }
      </Answered>
    </div>
  );
}

interface GraphProps {
  dataset: string;
  revisions: LogEntry[];
  picked: readonly string[];
  onPick(revision: string): void;
}

function Graph({ dataset, revisions, picked, onPick }: GraphProps) {
  const lanes = useMemo(
    () => lanesOf(revisions.map(({ revision, parents }) => ({ id: revision, parents }))),
    [revisions],
  );
  const width = (Math.max(...lanes.map((lane) => lane.width)) + 1) * LANE_PX + 12;
  return (
    <ol className="card lineage" aria-label="Revisions, newest first">
      {revisions.map((entry, i) => (
        <li
          key={entry.revision}
          className={picked.includes(entry.revision) ? "lineage-line is-picked" : "lineage-line"}
        >
          <Dot lane={lanes[i]} width={width} isPicked={picked.includes(entry.revision)} />
          <Revision
            dataset={dataset}
            entry={entry}
            isPicked={picked.includes(entry.revision)}
            onPick={() => onPick(entry.revision)}
          />
        </li>
      ))}
    </ol>
  );
}

function Dot({ lane, width, isPicked }: { lane: Lane; width: number; isPicked: boolean }) {
  const x = (column: number) => column * LANE_PX + 12;
  const middle = LINE_PX / 2;
  return (
    <svg className="lineage-graph" width={width} height={LINE_PX} aria-hidden>
      {lane.edges.map(({ from, to: end, colour }) => (
        <path
          key={`${from} ${end}`}
          d={`M ${x(from)} ${middle} C ${x(from)} ${LINE_PX}, ${x(end)} ${middle}, ${x(end)} ${LINE_PX + middle}`}
          stroke={categoryColour(colour)}
        />
      ))}
      <circle cx={x(lane.column)} cy={middle} r={isPicked ? 6 : 4.5} />
    </svg>
  );
}

function Revision({
  dataset,
  entry,
  isPicked,
  onPick,
}: {
  dataset: string;
  entry: LogEntry;
  isPicked: boolean;
  onPick(): void;
}) {
  const { revision, parents, author, committed_at, message, changes, branches, tags, runs } = entry;
  return (
    <div className="revision">
      <input
        type="checkbox"
        checked={isPicked}
        onChange={onPick}
        aria-label={`Pick ${shortId(revision)}, ${message}`}
      />
      <div className="revision-words">
        <p>
          <bdi>{message || "(no message)"}</bdi>
        </p>
        <p className="quiet">
          <span className="mono">{shortId(revision)}</span> {author},{" "}
          <time dateTime={committed_at}>{ago(committed_at)}</time>
          {changes !== null && changes !== undefined ? `; ${counted(changes, "change")}` : ""}
          {parents.length > 1 ? "; a merge" : ""}
        </p>
      </div>
      <span className="row-line revision-badges">
        {branches.map((name) => (
          <Link key={name} className="badge accent" href={to.workspace(dataset, name)}>
            <GitBranch size={12} aria-hidden /> {name}
          </Link>
        ))}
        {tags.map((name) => (
          <Link key={name} className="badge" href={to.workspace(dataset, name)}>
            <Tag size={12} aria-hidden /> {name}
          </Link>
        ))}
        {runs.map((name) => (
          <Link key={name} className="badge good" href={to.workspace(dataset, revision, { run: name })}>
            run {name}
          </Link>
        ))}
      </span>
      <span className="row-line">
        {parents[0] && (
          <Link className="button plain" href={to.diff(dataset, parents[0], revision)}>
            Changes
          </Link>
        )}
        <Link className="button plain" href={to.workspace(dataset, revision)}>
          Open
        </Link>
        <NameIt dataset={dataset} entry={entry} />
      </span>
    </div>
  );
}

/** Makes a branch or a tag here, or takes this revision's changes back. */
function NameIt({ dataset, entry }: { dataset: string; entry: LogEntry }) {
  const client = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [name, setName] = useState("");
  const known = useDataset(dataset).data;
  const [target, setTarget] = useState("main");
  const done = async (what: string) => {
    setOpen(false);
    setName("");
    say(what);
    await client.invalidateQueries({ queryKey: keys.dataset(dataset) });
  };
  const make = async (kind: "branches" | "tags") => {
    try {
      const options = { params: { path: { dataset, name: name.trim() } }, body: { at: entry.revision } };
      if (kind === "branches") await service.POST("/v1/datasets/{dataset}/branches/{name}", options);
      else await service.POST("/v1/datasets/{dataset}/tags/{name}", options);
      await done(`Made the ${kind === "branches" ? "branch" : "tag"} ${name.trim()}`);
    } catch (error) {
      sayFailure("Naming the revision", error);
    }
  };
  const revert = async () => {
    try {
      const made = body(
        await service.POST("/v1/datasets/{dataset}/revert", {
          params: { path: { dataset } },
          body: { revision: entry.revision, branch: target },
        }),
      );
      await done(`${shortId(made.revision)} takes back ${shortId(entry.revision)} on ${target}`);
    } catch (error) {
      sayFailure("Taking the changes back", error);
    }
  };
  return (
    <>
      <button
        type="button"
        className="button plain"
        aria-label={`More for ${shortId(entry.revision)}`}
        onClick={() => setOpen(true)}
      >
        …
      </button>
      <Sheet title={`Revision ${shortId(entry.revision)}`} isOpen={isOpen} onClose={() => setOpen(false)}>
        <div className="commit-form">
          <p>
            <bdi>{entry.message}</bdi>
          </p>
          <pre className="snippet">{`veneer mount ${dataset}@${shortId(entry.revision)} DIR`}</pre>
          <label className="labelled">
            <span>Name</span>
            <input className="field" value={name} onChange={(event) => setName(event.target.value)} />
          </label>
          <div className="row-line">
            <button
              type="button"
              className="button"
              disabled={name.trim() === ""}
              onClick={() => void make("branches")}
            >
              New branch here
            </button>
            <button type="button" className="button" disabled={name.trim() === ""} onClick={() => void make("tags")}>
              New tag here
            </button>
          </div>
          {entry.parents.length > 0 && (
            <div className="row-line">
              <button type="button" className="button" onClick={() => void revert()}>
                Take these changes back on
              </button>
              <select
                className="field"
                aria-label="Branch"
                value={target}
                onChange={(event) => setTarget(event.target.value)}
              >
                {(known?.branches ?? []).map(({ name: branch }) => (
                  <option key={branch}>{branch}</option>
                ))}
              </select>
            </div>
          )}
        </div>
      </Sheet>
    </>
  );
}

/** Brings one branch into another; a conflict has a page of its own. */
function Merge({ dataset }: { dataset: string }) {
  const client = useQueryClient();
  const branches = useDataset(dataset).data?.branches ?? [];
  const [into, setInto] = useState("main");
  const [from, setFrom] = useState("");
  if (branches.length < 2) return null;
  const others = branches.filter(({ name }) => name !== into);
  const chosen = others.some(({ name }) => name === from) ? from : (others[0]?.name ?? "");
  const merge = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const message = `Merge ${chosen} into ${into}`;
      const made = body(
        await service.POST("/v1/datasets/{dataset}/merge", {
          params: { path: { dataset } },
          body: { into, from: chosen, message },
        }),
      );
      if (made.outcome === "up-to-date") say(`${into} has all of ${chosen} already`);
      else say(`${shortId(made.revision)} brings ${chosen} into ${into}`);
      await client.invalidateQueries({ queryKey: keys.dataset(dataset) });
    } catch (error) {
      if (isStatus(error, 409) || isProblem(error, "conflict")) navigate(to.conflicts(dataset, { into, from: chosen }));
      else sayFailure("The merge", error);
    }
  };
  return (
    <form className="row-line" onSubmit={merge}>
      <span>Bring</span>
      <select
        className="field"
        aria-label="Branch to bring in"
        value={chosen}
        onChange={(event) => setFrom(event.target.value)}
      >
        {others.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <span>into</span>
      <select
        className="field"
        aria-label="Branch to bring it into"
        value={into}
        onChange={(event) => setInto(event.target.value)}
      >
        {branches.map(({ name }) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <button type="submit" className="button">
        Merge
      </button>
    </form>
  );
}
