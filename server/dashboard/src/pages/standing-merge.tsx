/** A merge that stands in the draft: each conflict decided by itself, or all that are left at once, then the commit. */
import { useQueryClient } from "@tanstack/react-query";
import { Redo2, Undo2 } from "lucide-react";
import { type FormEvent, useMemo, useState } from "react";
import type { Conflict, Draft, Merging } from "../api/contract";
import { type DraftAt, Drafts } from "../api/drafts";
import { Merges, type Verdict } from "../api/merges";
import { isStatus } from "../api/problem";
import { keys } from "../api/queries";
import { useCommands } from "../app/commands";
import { navigate } from "../app/location";
import { to } from "../app/routes";
import { counted, shortId } from "../parts/amounts";
import { Empty } from "../parts/states";
import { say, sayFailure } from "../parts/toasts";
import { ConflictList, placeName } from "./conflict-list";
import { ownValue, valueText } from "./own-value";

const PAGE = 200;

interface Props {
  at: DraftAt;
  merging: Merging;
  /** What the person called the other side; a link may have lost it. */
  from: string | null;
}

export function StandingMergePage({ at, merging, from }: Props) {
  const { dataset, branch } = at;
  const { conflicts, theirs } = merging.merge;
  const [shown, setShown] = useState(PAGE);
  const acts = useActs(at, merging);
  const other = from ?? shortId(theirs ?? "");
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>
          {other} into {branch}
        </h1>
        <span className="quiet" aria-live="polite">
          {conflicts.length === 0 ? "all is decided" : `${counted(conflicts.length, "conflict")} to decide`}
        </span>
        <UndoRedo draft={merging} onUndo={acts.undo} onRedo={acts.redo} />
        <span className="push row-line">
          {conflicts.length > 0 && (
            <>
              <button
                type="button"
                className="button"
                disabled={acts.isBusy}
                onClick={() => acts.decide({ take: "ours" })}
              >
                Keep {branch}'s for all
              </button>
              <button
                type="button"
                className="button"
                disabled={acts.isBusy}
                onClick={() => acts.decide({ take: "theirs" })}
              >
                Take {other}'s for all
              </button>
            </>
          )}
          <button type="button" className="button danger" disabled={acts.isBusy} onClick={acts.giveUp}>
            Give the merge up
          </button>
        </span>
      </div>
      <p className="quiet">
        What only one side has changed is merged by itself. The merge waits in your draft on {branch} until it is
        committed.
      </p>
      {conflicts.length === 0 ? (
        <Commit at={at} message={merging.merge.message ?? `Merge ${other} into ${branch}`} />
      ) : (
        <ConflictList
          conflicts={conflicts}
          shown={Math.min(shown, conflicts.length)}
          ours={branch}
          theirs={other}
          dataset={dataset}
          at={`draft:${branch}`}
          decide={(conflict, place) => (
            <Decide
              conflict={conflict}
              isBusy={acts.isBusy}
              names={[branch, other]}
              onDecide={(verdict) => acts.decide(verdict, [place])}
            />
          )}
        />
      )}
      {shown < conflicts.length && (
        <button type="button" className="button" onClick={() => setShown(shown + PAGE)}>
          Show more conflicts
        </button>
      )}
    </div>
  );
}

export function UndoRedo({ draft, onUndo, onRedo }: { draft: Draft; onUndo(): void; onRedo(): void }) {
  return (
    <span className="row-line">
      <button
        type="button"
        className="button plain"
        disabled={!draft.can_undo}
        title={draft.can_undo ? `Undo: ${draft.can_undo} (Ctrl+Z)` : "Nothing to undo"}
        onClick={onUndo}
      >
        <Undo2 size={14} aria-hidden /> Undo
      </button>
      <button
        type="button"
        className="button plain"
        disabled={!draft.can_redo}
        title={draft.can_redo ? `Do again: ${draft.can_redo} (Ctrl+Shift+Z)` : "Nothing to do again"}
        onClick={onRedo}
      >
        <Redo2 size={14} aria-hidden /> Redo
      </button>
    </span>
  );
}

/** What can be done with a merge; one at a time, since each names the state that it was made on. */
export function useActs(at: DraftAt, merging: Merging) {
  const client = useQueryClient();
  const [merges, drafts] = useMemo(() => [new Merges(client), new Drafts(client)], [client]);
  const [isBusy, setBusy] = useState(false);
  const again = () => client.invalidateQueries({ queryKey: keys.dataset(at.dataset) });
  const act = async (tried: string, doing: () => Promise<unknown>) => {
    if (isBusy) return;
    setBusy(true);
    try {
      await doing();
    } catch (error) {
      if (isStatus(error, 412)) say("The draft was changed elsewhere: look again before you decide");
      else sayFailure(tried, error);
    }
    await again();
    setBusy(false);
  };
  const undo = () => void act("Undo", () => drafts.undo(at));
  const redo = () => void act("Redo", () => drafts.redo(at));
  useCommands([
    { id: "undo", title: "Undo", group: "Edit", keys: "Mod+Z", run: undo },
    { id: "redo", title: "Do again", group: "Edit", keys: "Mod+Shift+Z Mod+Y", run: redo },
  ]);
  return {
    isBusy,
    undo,
    redo,
    begin: (from: string) => void act("The merge", () => merges.begin(at, from)),
    decide: (verdict: Verdict, places?: number[]) =>
      void act("The decision", () => merges.decide(at, merging, verdict, places)),
    giveUp: () =>
      void act("Giving the merge up", async () => {
        await drafts.discard(at);
        say("The merge is given up; nothing of it is committed", { title: "Undo", run: undo });
      }),
  };
}

interface DecideProps {
  conflict: Conflict;
  isBusy: boolean;
  names: [string, string];
  onDecide(verdict: Verdict): void;
}

function Decide({ conflict, isBusy, names: [ours, theirs], onDecide }: DecideProps) {
  const [text, setText] = useState<string | null>(null);
  const name = placeName(conflict);
  const isCell = Boolean(conflict.key && conflict.column);
  const keep = (event: FormEvent) => {
    event.preventDefault();
    const value = ownValue(conflict, text ?? "");
    if (value === undefined) say(`“${(text ?? "").slice(0, 60)}” is no value like those of the two sides`);
    else onDecide({ value });
  };
  if (text !== null) {
    return (
      <form className="row-line" onSubmit={keep}>
        <input
          className="field"
          aria-label={`Own value of ${name}`}
          // biome-ignore lint/a11y/noAutofocus: the person has just asked to type here
          autoFocus
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && setText(null)}
        />
        <button type="submit" className="button first" disabled={isBusy}>
          Set
        </button>
      </form>
    );
  }
  return (
    <span className="row-line">
      <button
        type="button"
        className="button"
        disabled={isBusy}
        aria-label={`Keep ${ours}'s of ${name}`}
        onClick={() => onDecide({ take: "ours" })}
      >
        Keep {ours}'s
      </button>
      <button
        type="button"
        className="button"
        disabled={isBusy}
        aria-label={`Take ${theirs}'s of ${name}`}
        onClick={() => onDecide({ take: "theirs" })}
      >
        Take {theirs}'s
      </button>
      {isCell && (
        <button
          type="button"
          className="button"
          disabled={isBusy}
          aria-label={`Own value for ${name}`}
          onClick={() => setText(valueText(conflict.ours))}
        >
          Own value…
        </button>
      )}
    </span>
  );
}

function Commit({ at, message: proposed }: { at: DraftAt; message: string }) {
  const client = useQueryClient();
  const [message, setMessage] = useState(proposed);
  const [isSending, setSending] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setSending(true);
    try {
      const { revision } = await new Drafts(client).commit(at, { message: message.trim() });
      say(`${shortId(revision)} joins the two on ${at.branch}`);
      navigate(to.history(at.dataset), true);
    } catch (error) {
      sayFailure("The commit", error);
      setSending(false);
    }
  };
  return (
    <>
      <Empty title="All is decided">Undo takes the last decision back; a commit makes the revision of both.</Empty>
      <form
        className="commit-form"
        onSubmit={send}
        onKeyDown={(event) => event.key === "Enter" && event.ctrlKey && event.currentTarget.requestSubmit()}
      >
        <label className="labelled">
          <span>Message: why</span>
          <input className="field" required value={message} onChange={(event) => setMessage(event.target.value)} />
        </label>
        <div className="row-line">
          <button type="submit" className="button first" disabled={isSending || message.trim() === ""}>
            {isSending ? "Committing…" : "Commit the merge"}
          </button>
        </div>
      </form>
    </>
  );
}
