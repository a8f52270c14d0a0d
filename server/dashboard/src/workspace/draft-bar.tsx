/** What is edited and not yet committed, with its undo, its review and its commit. */
import { GitCommitHorizontal, Redo2, Undo2 } from "lucide-react";
import { useMemo, useState } from "react";
import type { Draft } from "../api/contract";
import { Drafts } from "../api/drafts";
import { useDataset } from "../api/queries";
import { useCommands } from "../app/commands";
import { to } from "../app/routes";
import { ago, counted } from "../parts/amounts";
import { Link } from "../parts/link";
import { Sheet } from "../parts/sheet";
import { say, sayFailure } from "../parts/toasts";
import { CommitSheet } from "./commit-sheet";
import { useWorkspace } from "./context";
import { useEditing } from "./editing";

export function DraftBar() {
  const { dataset, refName, branch, draft, readOnly, client } = useWorkspace();
  const editing = useEditing();
  const drafts = useMemo(() => new Drafts(client), [client]);
  const [sheet, setSheet] = useState<"commit" | "discard" | null>(null);
  const allDrafts = useDataset(dataset).data?.drafts ?? [];
  const others = allDrafts.filter((one) => one.branch === branch && draft !== null && one.writer !== draft.writer);
  const isEdited = draft !== null && changesOf(draft.edits).length > 0;
  useCommands([
    {
      id: "commit",
      title: "Commit the draft",
      group: "Edit",
      keys: "Mod+Enter",
      always: true,
      run: () => (isEdited ? setSheet("commit") : say("There is nothing to commit")),
    },
  ]);
  if (readOnly !== null || branch === null) {
    return (
      <footer className="draft-bar">
        <span className="badge">read-only</span>
        <span className="quiet">{readOnly}</span>
      </footer>
    );
  }
  const discard = async () => {
    setSheet(null);
    try {
      await drafts.discard({ dataset, branch });
      say("The draft is discarded", { title: "Undo", run: () => void editing.undo() });
    } catch (error) {
      sayFailure("Discarding the draft", error);
    }
  };
  const rebase = async () => {
    try {
      await drafts.rebase({ dataset, branch });
      say(`The draft now stands on the head of ${branch}`);
    } catch (error) {
      sayFailure("Moving the draft to the branch's head", error);
    }
  };
  return (
    <footer className="draft-bar">
      <strong>Draft on {branch}</strong>
      <span aria-live="polite">{isEdited && draft ? changesOf(draft.edits).join(", ") : "no edits"}</span>
      {draft && draft.writer !== "dashboard" && <span className="quiet">of {draft.writer}</span>}
      {others.length > 0 && (
        <span className="badge" title="Drafts of others on this branch; whoever commits second rebases">
          {others.map(({ writer }) => writer).join(", ")} also {others.length === 1 ? "has" : "have"} a draft here
        </span>
      )}
      <button
        type="button"
        className="button plain"
        disabled={!draft?.can_undo}
        title={draft?.can_undo ? `Undo: ${draft.can_undo} (Ctrl+Z)` : "Nothing to undo"}
        onClick={() => void editing.undo()}
      >
        <Undo2 size={14} aria-hidden /> Undo
      </button>
      <button
        type="button"
        className="button plain"
        disabled={!draft?.can_redo}
        title={draft?.can_redo ? `Do again: ${draft.can_redo} (Ctrl+Shift+Z)` : "Nothing to do again"}
        onClick={() => void editing.redo()}
      >
        <Redo2 size={14} aria-hidden /> Redo
      </button>
      {draft?.is_behind && (
        <span className="badge warn">
          {branch} has moved on
          <button type="button" className="button plain" onClick={() => void rebase()}>
            Rebase
          </button>
          <Link href={to.conflicts(dataset, { branch })}>see</Link>
        </span>
      )}
      <span className="push row-line">
        {draft?.saved_at && isEdited && <span className="quiet">saved {ago(draft.saved_at)}</span>}
        {isEdited && (
          <>
            <Link className="button" href={to.diff(dataset, refName, `draft:${refName}`)}>
              Review
            </Link>
            <button type="button" className="button danger" onClick={() => setSheet("discard")}>
              Discard…
            </button>
          </>
        )}
        <button type="button" className="button first" disabled={!isEdited} onClick={() => setSheet("commit")}>
          <GitCommitHorizontal size={14} aria-hidden /> Commit…
        </button>
      </span>
      <Sheet title="Discard the whole draft?" isOpen={sheet === "discard"} onClose={() => setSheet(null)}>
        <p>
          {draft ? changesOf(draft.edits).join(", ") : ""} will be gone from the draft on {branch}. The committed data
          is not touched.
        </p>
        <div className="row-line sheet-actions">
          <button type="button" className="button danger push" onClick={() => void discard()}>
            Discard the draft
          </button>
        </div>
      </Sheet>
      {draft && <CommitSheet isOpen={sheet === "commit"} draft={draft} onClose={() => setSheet(null)} />}
    </footer>
  );
}

/** What the service counts in rows; columns and files besides. */
export function changesOf({ set, inserted, deleted, columns, files }: Draft["edits"]): string[] {
  const parts: [number, string, string][] = [
    [set, "row", "changed"],
    [inserted, "row", "inserted"],
    [deleted, "row", "deleted"],
    [columns, "column", "changed"],
    [files, "file", "changed"],
  ];
  return parts.flatMap(([number, what, how]) => (number > 0 ? [`${counted(number, what)} ${how}`] : []));
}
