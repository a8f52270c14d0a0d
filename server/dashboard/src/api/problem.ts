/** A refusal of the service, or its absence, as one error that every page can show. */
import type { Conflict, Problem } from "./contract";

export class ServiceProblem extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ServiceProblem";
    this.problem = problem;
  }

  get kind(): string {
    return this.problem.kind;
  }

  get conflicts(): Conflict[] {
    const { conflicts } = this.problem;
    return Array.isArray(conflicts) ? (conflicts as Conflict[]) : [];
  }
}

/** Nobody answered: the service is down, or the network between is. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("the service does not answer", { cause });
    this.name = "Unreachable";
  }
}

export async function problemOf(response: Response): Promise<ServiceProblem> {
  let body: Partial<Problem> = {};
  try {
    body = (await response.json()) as Partial<Problem>;
  } catch {
    // A proxy's page, not a problem of ours: the status is all that is known.
  }
  return new ServiceProblem({
    ...body,
    type: body.type ?? "about:blank",
    title: body.title ?? response.statusText,
    status: response.status,
    kind: body.kind ?? `http-${response.status}`,
    detail: body.detail ?? `the service answered ${response.status} ${response.statusText}`.trim(),
  });
}

/** Whether an error means that nobody answered (a proxy says so with 502 to 504). */
export function isUnreachable(error: unknown): boolean {
  return (
    error instanceof Unreachable || (error instanceof ServiceProblem && [502, 503, 504].includes(error.problem.status))
  );
}

export function isProblem(error: unknown, kind: string): boolean {
  return error instanceof ServiceProblem && error.kind === kind;
}

export function isStatus(error: unknown, status: number): boolean {
  return error instanceof ServiceProblem && error.problem.status === status;
}
