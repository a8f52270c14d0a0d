/** The commit: what it holds, why, and where to; afterwards how this revision is read. */
import { type FormEvent, useMemo, useState } from "react";
import { author } from "../api/author";
import type { Committed, Draft } from "../api/contract";
import { Drafts } from "../api/drafts";
import { ServiceProblem } from "../api/problem";
import { navigate } from "../app/location";
import { to } from "../app/routes";
import { count, counted, shortId } from "../parts/amounts";
import { Link } from "../parts/link";
import { Sheet } from "../parts/sheet";
import { useWorkspace } from "./context";
import { changesOf } from "./draft-bar";

interface Props {
  isOpen: boolean;
  draft: Draft;
  onClose(): void;
}

export function CommitSheet({ isOpen, draft, onClose }: Props) {
  const { dataset, branch } = useWorkspace();
  const [done, setDone] = useState<{ committed: Committed; branch: string } | null>(null);
  const close = () => {
    onClose();
    setDone(null);
    if (done && done.branch !== branch) navigate(to.workspace(dataset, done.branch));
  };
  return (
    <Sheet title={done ? "Committed" : `Commit to ${branch}`} isOpen={isOpen} onClose={close}>
      {done ? <After {...done} onClose={close} /> : <Form draft={draft} onDone={setDone} />}
    </Sheet>
  );
}

function Form({ draft, onDone }: { draft: Draft; onDone(done: { committed: Committed; branch: string }): void }) {
  const { dataset, branch, client } = useWorkspace();
  const drafts = useMemo(() => new Drafts(client), [client]);
  const [message, setMessage] = useState("");
  const [name, setName] = useState(author());
  const [to_, setTo] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (branch === null) return;
    setSending(true);
    setError(null);
    try {
      const target = to_.trim();
      const committed = await drafts.commit(
        { dataset, branch },
        { message: message.trim(), author: name.trim() || undefined, branch: target || undefined },
      );
      onDone({ committed, branch: target || branch });
    } catch (problem) {
      setError(problem);
    }
    setSending(false);
  };
  return (
    <form
      className="commit-form"
      onSubmit={send}
      onKeyDown={(event) => event.key === "Enter" && event.ctrlKey && event.currentTarget.requestSubmit()}
    >
      <p>{changesOf(draft.edits).join(", ")}</p>
      <ClassFlows draft={draft} />
      <label className="labelled">
        <span>Message: why</span>
        <textarea
          className="field"
          rows={3}
          required
          value={message}
          onChange={(event) => setMessage(event.target.value)}
        />
      </label>
      <div className="row-line">
        <label className="labelled">
          <span>Author</span>
          <input
            className="field"
            value={name}
            placeholder={draft.writer}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label className="labelled">
          <span>New branch (else {branch})</span>
          <input
            className="field"
            value={to_}
            placeholder={branch ?? ""}
            onChange={(event) => setTo(event.target.value)}
          />
        </label>
      </div>
      {error !== null && <Refusal error={error} />}
      <div className="row-line sheet-actions">
        <span className="quiet">
          <kbd>Ctrl</kbd> <kbd>Enter</kbd> commits
        </span>
        <button type="submit" className="button first push" disabled={isSending || message.trim() === ""}>
          {isSending ? "Committing…" : "Commit"}
        </button>
      </div>
    </form>
  );
}

function Refusal({ error }: { error: unknown }) {
  const { dataset, branch } = useWorkspace();
  const conflicts = error instanceof ServiceProblem ? error.conflicts.length : 0;
  return (
    <p role="alert" className="refusal">
      {error instanceof Error ? error.message : String(error)}
      {error instanceof ServiceProblem && error.problem.hint ? `. ${error.problem.hint}` : ""}{" "}
      {conflicts > 0 && branch && (
        <Link href={to.conflicts(dataset, { branch })}>Resolve {counted(conflicts, "conflict")}</Link>
      )}
    </p>
  );
}

/** Per class: how many rows leave it and how many come. */
function ClassFlows({ draft }: { draft: Draft }) {
  const flows = [...draft.per_class].sort((a, b) => b.count - a.count);
  if (flows.length === 0) return null;
  const most = flows[0].count;
  const shown = flows.slice(0, 12);
  return (
    <ul className="flows" aria-label="Changes of class">
      {shown.map(({ column, before, after, count: rows }) => (
        <li key={`${column} ${before} ${after}`}>
          <span className="flow-names">
            <bdi>{String(before ?? "null")}</bdi> → <bdi>{String(after ?? "null")}</bdi>
          </span>
          <span className="flow-bar" style={{ width: `${(rows / most) * 100}px` }} />
          <span>{count(rows)}</span>
        </li>
      ))}
      {flows.length > shown.length && (
        <li className="quiet">and {counted(flows.length - shown.length, "smaller change")}</li>
      )}
    </ul>
  );
}

function After({ committed, branch, onClose }: { committed: Committed; branch: string; onClose(): void }) {
  const { dataset } = useWorkspace();
  const followed = committed.mounts.filter(({ follows }) => follows);
  return (
    <div className="commit-form">
      <p>
        <strong>{shortId(committed.revision)}</strong> is the head of {branch}: {counted(committed.changes, "change")}.
      </p>
      {followed.length > 0 ? (
        <div>
          <h3>Mounts that moved to it</h3>
          <ul>
            {followed.map(({ dir }) => (
              <li key={dir}>
                <code>{dir}</code>
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p className="quiet">No mount follows {branch} now.</p>
      )}
      <h3>To read this revision</h3>
      <pre className="snippet">{`veneer mount ${dataset}@${shortId(committed.revision)} DIR`}</pre>
      <pre className="snippet">{`import veneer
data = veneer.open("${dataset}@${shortId(committed.revision)}")
rows = data.samples.to_pandas()`}</pre>
      <div className="row-line sheet-actions">
        <Link className="button" href={to.history(dataset)}>
          See the history
        </Link>
        <button type="button" className="button first push" onClick={onClose}>
          Go on
        </button>
      </div>
    </div>
  );
}
