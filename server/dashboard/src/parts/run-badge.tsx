/** A run's state, in a word and a colour. */
import type { Run } from "../api/contract";

const KINDS: Record<Run["status"], string> = { running: "accent", finished: "good", failed: "bad", lost: "warn" };

export function RunBadge({ status }: { status: Run["status"] }) {
  return <span className={`badge ${KINDS[status] ?? ""}`}>{status}</span>;
}
