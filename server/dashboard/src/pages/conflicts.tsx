/** What two sides have both changed: a merge that is to be decided, or a draft that its branch has left behind. */
import "./pages.css";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { body, service } from "../api/client";
import type { Merging } from "../api/contract";
import { type DraftAt, Drafts } from "../api/drafts";
import { isStanding, useMerging } from "../api/merges";
import { ServiceProblem } from "../api/problem";
import { draftOptions, keys } from "../api/queries";
import { navigate, usePlace } from "../app/location";
import { to } from "../app/routes";
import { counted, shortId } from "../parts/amounts";
import { Link } from "../parts/link";
import { Answered, Empty, Failure, Loading } from "../parts/states";
import { say } from "../parts/toasts";
import { ConflictList } from "./conflict-list";
import { takingTheirs } from "./give-back";
import { StandingMergePage, UndoRedo, useActs } from "./standing-merge";

export default function ConflictsPage({ dataset }: { dataset: string }) {
  const { query } = usePlace();
  const branch = query.get("into") ?? query.get("branch");
  if (branch) return <InBranch key={branch} at={{ dataset, branch }} from={query.get("from")} />;
  return (
    <Empty title="No merge or draft is named">
      <Link href={to.history(dataset)}>Merge branches in the history</Link>
    </Empty>
  );
}

function InBranch({ at, from }: { at: DraftAt; from: string | null }) {
  const merging = useMerging(at);
  return (
    <Answered asked={merging} what="The draft">
      {(known) => {
        if (isStanding(known.merge)) return <StandingMergePage at={at} merging={known} from={from} />;
        if (from !== null) return <NewMerge at={at} merging={known} from={from} />;
        return <DraftConflicts {...at} />;
      }}
    </Answered>
  );
}

/** Both sides are there, and nothing is begun: a link to here changes nothing by itself. */
function NewMerge({ at, merging, from }: { at: DraftAt; merging: Merging; from: string }) {
  const { dataset, branch } = at;
  const client = useQueryClient();
  const acts = useActs(at, merging);
  const whole = useMutation({
    mutationFn: async (prefer: "ours" | "theirs") => {
      const what = { into: branch, from, message: `Merge ${from} into ${branch}`, prefer };
      return body(await service.POST("/v1/datasets/{dataset}/merge", { params: { path: { dataset } }, body: what }));
    },
    onSuccess: async ({ revision }) => {
      await client.invalidateQueries({ queryKey: keys.dataset(dataset) });
      say(`${shortId(revision)} brings ${from} into ${branch}`);
      navigate(to.history(dataset), true);
    },
  });
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>
          {from} into {branch}
        </h1>
        <UndoRedo draft={merging} onUndo={acts.undo} onRedo={acts.redo} />
        <span className="push row-line">
          <button type="button" className="button" disabled={whole.isPending} onClick={() => whole.mutate("ours")}>
            Keep {branch}'s for all
          </button>
          <button type="button" className="button" disabled={whole.isPending} onClick={() => whole.mutate("theirs")}>
            Take {from}'s for all
          </button>
          <button type="button" className="button first" disabled={acts.isBusy} onClick={() => acts.begin(from)}>
            Decide one by one
          </button>
        </span>
      </div>
      <p>
        Both sides have changed the same. Everything that only one side has changed is merged by itself; of the rest,
        take one side for all, or decide conflict by conflict: the merge then waits in{" "}
        <Link href={to.workspace(dataset, branch)}>your draft on {branch}</Link> until you commit it.
      </p>
      {merging.step !== null && merging.step !== undefined && (
        <p className="quiet">Your draft may have edits: commit or discard them before you decide one by one.</p>
      )}
      {whole.error && <Failure error={whole.error} what="The merge" />}
    </div>
  );
}

function DraftConflicts({ dataset, branch }: DraftAt) {
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
  const error = rebase.error ?? settle.error;
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
      {rebase.isPending && <Loading what="the conflicts" />}
      {error && conflicts.length === 0 && <Failure error={error} what="The draft" />}
      {conflicts.length > 0 && (
        <ConflictList conflicts={conflicts} ours="your draft" theirs={branch} dataset={dataset} at={branch} />
      )}
    </div>
  );
}
