/** What two sides have both changed, and a choice between them. */
import "./pages.css";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { body, service } from "../api/client";
import type { Cell, Conflict } from "../api/contract";
import { Drafts } from "../api/drafts";
import { ServiceProblem } from "../api/problem";
import { draftOptions, keys } from "../api/queries";
import { navigate, usePlace } from "../app/location";
import { to } from "../app/routes";
import { counted, shortId } from "../parts/amounts";
import { Link } from "../parts/link";
import { Empty, Failure, Loading } from "../parts/states";
import { say } from "../parts/toasts";
import { takingTheirs } from "./give-back";

export default function ConflictsPage({ dataset }: { dataset: string }) {
  const { query } = usePlace();
  const branch = query.get("branch");
  const [into, from] = [query.get("into"), query.get("from")];
  if (into && from) return <MergeConflicts dataset={dataset} into={into} from={from} />;
  if (branch) return <DraftConflicts dataset={dataset} branch={branch} />;
  return (
    <Empty title="No merge or draft is named">
      <Link href={to.history(dataset)}>Merge branches in the history</Link>
    </Empty>
  );
}

function MergeConflicts({ dataset, into, from }: { dataset: string; into: string; from: string }) {
  const client = useQueryClient();
  const merge = useMutation({
    mutationFn: async (prefer: "ours" | "theirs" | undefined) => {
      const what = { into, from, message: `Merge ${from} into ${into}`, ...(prefer ? { prefer } : {}) };
      return body(await service.POST("/v1/datasets/{dataset}/merge", { params: { path: { dataset } }, body: what }));
    },
    onSuccess: async ({ revision }) => {
      await client.invalidateQueries({ queryKey: keys.dataset(dataset) });
      say(`${shortId(revision)} brings ${from} into ${into}`);
      navigate(to.history(dataset), true);
    },
  });
  const { mutate } = merge;
  // Asking again shows what stands against the merge now; if nothing does, it is done.
  useEffect(() => mutate(undefined), [mutate]);
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>
          Conflicts: {from} into {into}
        </h1>
        <span className="push row-line">
          <button type="button" className="button" disabled={merge.isPending} onClick={() => mutate("ours")}>
            Keep {into}'s for all
          </button>
          <button type="button" className="button" disabled={merge.isPending} onClick={() => mutate("theirs")}>
            Take {from}'s for all
          </button>
        </span>
      </div>
      <p className="quiet">
        Everything that only one side has changed is merged by itself. For single rows: open {into}, set them as they
        shall be, commit, and merge again keeping {into}'s.
      </p>
      <ConflictsOf
        error={merge.error}
        isPending={merge.isPending}
        ours={into}
        theirs={from}
        dataset={dataset}
        at={into}
      />
    </div>
  );
}

function DraftConflicts({ dataset, branch }: { dataset: string; branch: string }) {
  const client = useQueryClient();
  const draft = useQuery(draftOptions(dataset, branch));
  const rebase = useMutation({
    mutationFn: () => new Drafts(client).rebase({ dataset, branch }),
    onSuccess: () => {
      say(`The draft now stands on the head of ${branch}`);
      navigate(to.workspace(dataset, branch), true);
    },
  });
  const conflicts = rebase.error instanceof ServiceProblem ? rebase.error.conflicts : [];
  const settling = takingTheirs(conflicts);
  const settle = useMutation({
    mutationFn: () =>
      new Drafts(client).edit(
        { dataset, branch },
        settling,
        `Took ${branch}'s side of ${counted(settling.length, "conflict")}`,
      ),
    onSuccess: () => rebase.mutate(),
  });
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>The draft on {branch}</h1>
        <span className="push row-line">
          {settling.length > 0 && (
            <button type="button" className="button" disabled={settle.isPending} onClick={() => settle.mutate()}>
              Take the branch's side of {counted(settling.length, "conflict")}
            </button>
          )}
          <button type="button" className="button first" disabled={rebase.isPending} onClick={() => rebase.mutate()}>
            Move it to the branch's head
          </button>
        </span>
      </div>
      {draft.data && !draft.data.is_behind && conflicts.length === 0 && (
        <Empty title={`The draft stands on the head of ${branch}; nothing is in conflict`} />
      )}
      {draft.data?.is_behind && !rebase.error && (
        <p>
          {branch} was moved by somebody else since the draft began at{" "}
          <span className="mono">{shortId(draft.data.based_on)}</span>. Your edits are kept; moving them shows whether
          any are in conflict.
        </p>
      )}
      <ConflictsOf
        error={rebase.error ?? settle.error}
        isPending={rebase.isPending}
        ours="your draft"
        theirs={branch}
        dataset={dataset}
        at={branch}
      />
    </div>
  );
}

interface Props {
  error: unknown;
  isPending: boolean;
  ours: string;
  theirs: string;
  dataset: string;
  at: string;
}

function ConflictsOf({ error, isPending, ours, theirs, dataset, at }: Props) {
  if (isPending) return <Loading what="the conflicts" />;
  if (!error) return null;
  const conflicts = error instanceof ServiceProblem ? error.conflicts : [];
  if (conflicts.length === 0) return <Failure error={error} what="The merge" />;
  return (
    <div className="card table-wrap">
      <table className="list">
        <caption className="card-body">{counted(conflicts.length, "conflict")}</caption>
        <thead>
          <tr>
            <th>Where</th>
            <th>Before</th>
            <th>{ours}</th>
            <th>{theirs}</th>
            <th>Why</th>
          </tr>
        </thead>
        <tbody>
          {conflicts.map((conflict) => (
            <tr key={`${conflict.path} ${conflict.table} ${conflict.key} ${conflict.column}`}>
              <td>
                <Where conflict={conflict} dataset={dataset} at={at} />
              </td>
              <Side value={conflict.base} />
              <Side value={conflict.ours} />
              <Side value={conflict.theirs} />
              <td className="quiet">{conflict.why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Where({
  conflict: { path, table, key, column },
  dataset,
  at,
}: {
  conflict: Conflict;
  dataset: string;
  at: string;
}) {
  if (!table || !key) return <span className="mono">{path}</span>;
  return (
    <>
      <Link href={to.workspace(dataset, at, { table, focus: key })}>
        {table} {key}
      </Link>
      {column ? `, ${column}` : ""}
      <div className="quiet mono">{path}</div>
    </>
  );
}

function Side({ value }: { value: Cell | undefined }) {
  const text = value === null || value === undefined ? "—" : typeof value === "string" ? value : JSON.stringify(value);
  return (
    <td>
      <bdi>{text.slice(0, 200)}</bdi>
    </td>
  );
}
