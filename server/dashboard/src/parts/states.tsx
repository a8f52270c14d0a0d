/** How nothing, waiting and failing look, everywhere the same. */
import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { isUnreachable, ServiceProblem } from "../api/problem";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <h2>{title}</h2>
      {children && <div className="quiet">{children}</div>}
    </div>
  );
}

export function Loading({ what, lines = 3 }: { what: string; lines?: number }) {
  return (
    <div className="state-loading" role="status">
      <span className="quiet">Loading {what}…</span>
      {Array.from({ length: lines }, (_, i) => (
        <span key={i} className="skeleton" style={{ width: `${90 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** The refusal in the service's own words, with its hint and its facts. */
export function Failure({ error, what, onRetry }: { error: unknown; what: string; onRetry?: () => void }) {
  const problem = error instanceof ServiceProblem ? error.problem : null;
  const detail = isUnreachable(error)
    ? `${window.location.host} does not answer`
    : error instanceof Error
      ? error.message
      : String(error);
  return (
    <div className="state failure" role="alert">
      <CircleAlert size={20} aria-hidden />
      <div>
        <h2>
          {what} could not be read{problem ? ` (${problem.kind})` : ""}
        </h2>
        <p>{detail}</p>
        {problem?.hint && <p className="quiet">{problem.hint}</p>}
      </div>
      {onRetry && (
        <button type="button" className="button push" onClick={onRetry}>
          <RotateCw size={14} aria-hidden /> Try again
        </button>
      )}
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  refetch(): unknown;
}

/** Draws what was asked for, or that it is on its way, or why it is not. Old data outlives a failed refresh. */
export function Answered<T>({
  asked,
  what,
  children,
}: {
  asked: Asked<T>;
  what: string;
  children: (data: T) => ReactNode;
}) {
  if (asked.data !== undefined) return children(asked.data);
  if (asked.error) return <Failure error={asked.error} what={what} onRetry={() => void asked.refetch()} />;
  return <Loading what={what} />;
}
