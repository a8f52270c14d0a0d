/**
 * The Object Service's answers, as its OpenAPI document has them.
 *
 * The only file with response types; a generated one takes its place with the same names.
 */

// What the service says ------------------------------------------------------------------------

export interface Problem {
  type?: string;
  title: string;
  status: number;
  kind: string;
  detail: string;
  hint?: string;
  [fact: string]: unknown;
}

export interface Head {
  revision: string;
  message: string;
  author: string;
  committed_at: string;
}

export interface DatasetSummary {
  name: string;
  source: string;
  branches: number;
  tags: number;
  head: Head | null;
  files: number;
  bytes: number;
}

export interface Ref {
  name: string;
  revision: string;
  op?: number;
}

export interface DraftRef {
  branch: string;
  writer: string;
  op?: number;
}

export interface Dataset {
  name: string;
  source: string;
  branches: Ref[];
  tags: Ref[];
  drafts: DraftRef[];
}

export interface View {
  revision: string;
  message: string;
  author: string;
  committed_at: string;
  parents: string[];
  base: string;
  is_draft: boolean;
  files: number;
  bytes: number;
}

export interface LogEntry {
  revision: string;
  parents: string[];
  author: string;
  committed_at: string;
  message: string;
  changes: number | null;
  branches: string[];
  tags: string[];
  /** Runs that look at it, the newest first. */
  runs: string[];
}

export interface Role {
  kind:
    | "label"
    | "key"
    | "box-xywh"
    | "box-cxcywhn"
    | "box-xyxy"
    | "box-oriented"
    | "mask"
    | "keypoints"
    | "image"
    | "reference"
    | "split"
    | "embedding"
    | "weight"
    | "plain";
  /** (value in the cell, name, colour), in order. */
  classes?: (string | null)[][];
  table?: string;
}

export interface TableColumn {
  name: string;
  type: string;
  role: Role;
  nullable: boolean;
  editable: boolean;
  added?: boolean;
}

export interface Table {
  name: string;
  format: string;
  why?: string;
  rows: number;
  is_main?: boolean;
  files?: number;
  key?: string | null;
  problem?: { file: string; line?: number; column?: number; why: string } | null;
  flags?: number;
  columns: TableColumn[];
}

export type Cell = string | number | boolean | null | Cell[] | { [name: string]: Cell };

export interface Row {
  _key: string;
  _row: number;
  [column: string]: Cell;
}

export interface RowPage {
  rows: Row[];
  matched: number;
  total: number;
}

export interface Histogram {
  column: string;
  edges: number[];
  counts: number[];
  nulls: number;
  nan: number;
  inf: number;
  neg_inf: number;
  min: number | null;
  max: number | null;
  total: number;
}

export interface Groups {
  values: { value: Cell; count: number }[];
  distinct: number;
  other: number;
  nulls: number;
  total: number;
}

export interface Quantiles {
  quantiles: { group?: Cell; values: (number | null)[]; count: number }[];
}

export interface Confusion {
  actual: Cell[];
  predicted: Cell[];
  counts: number[][];
}

export interface Blame {
  cells: {
    column: string;
    value: Cell;
    revision?: string | null;
    author?: string | null;
    committed_at?: string | null;
    message?: string | null;
  }[];
  row?: { change: string; revision?: string | null; author?: string | null; committed_at?: string | null } | null;
}

export interface Neighbours {
  neighbours: { key: string; row: number; distance: number }[];
}

export interface DiffFile {
  path: string;
  from?: string | null;
  what: "added" | "modified" | "removed" | "renamed";
  size_before?: number | null;
  size_after?: number | null;
}

export interface DiffRow {
  table: string;
  path?: string | null;
  /** None for a change of a whole column. */
  key?: string | null;
  column?: string | null;
  change: "set" | "inserted" | "deleted" | "column-added";
  before: Cell;
  after: Cell;
}

export interface ClassFlow {
  column: string;
  before: Cell;
  after: Cell;
  count: number;
}

export interface Diff {
  files: DiffFile[];
  rows: DiffRow[];
  summary: {
    files: { added: number; modified: number; removed: number; renamed: number };
    rows: { set: number; inserted: number; deleted: number };
    /** Columns that came or went. */
    columns?: number;
    per_class: ClassFlow[];
  };
  total_rows: number;
  reformatted: string[];
}

export interface Conflict {
  path: string;
  table?: string | null;
  key?: string | null;
  column?: string | null;
  base: Cell;
  ours: Cell;
  theirs: Cell;
  why: string;
}

export interface Draft {
  branch: string;
  writer: string;
  based_on: string;
  is_behind: boolean;
  /** The newest step; null before the first edit. */
  step: string | null;
  etag: string;
  can_undo: string | null;
  can_redo: string | null;
  edits: { rows: number; set: number; inserted: number; deleted: number; files: number; columns: number };
  per_class: ClassFlow[];
  saved_at: string | null;
  /** After an edit: the keys that it touched. */
  keys?: string[];
}

/** A merge that waits in a draft. */
export interface StandingMerge {
  /** The revision that is merged; none where no merge stands. */
  theirs?: string | null;
  message?: string | null;
  conflicts: Conflict[];
}

export type Merging = Draft & { merge: StandingMerge };

export type CellEdit = Cell | { expr: string };

export type Edit =
  | { kind: "set"; table: string; keys?: string[]; where?: string; cells: Record<string, CellEdit> }
  | { kind: "insert"; table: string; after?: string; cells: Record<string, Cell> }
  | { kind: "delete"; table: string; keys?: string[]; where?: string }
  | { kind: "add-column"; table: string; column: string; type: "text" | "number" | "integer" | "flag" }
  | { kind: "drop-column"; table: string; column: string }
  | { kind: "exclude" | "include"; table?: string; keys?: string[]; where?: string }
  | { kind: "class-rename"; table: string; from: string; to: string }
  | { kind: "class-add"; table: string; name: string }
  | { kind: "class-merge"; table: string; from: string[]; into: string }
  | { kind: "put-file"; path: string; content_base64?: string; object?: string }
  | { kind: "remove-file"; path: string }
  | { kind: "rename-file"; from: string; to: string };

export interface Mount {
  dir: string;
  /** Null where another store's dataset is mounted. */
  dataset: string | null;
  ref: string | null;
  revision: string | null;
  writable: boolean;
  pid?: number | null;
  state?: string;
}

export interface Committed {
  revision: string;
  changes: number;
  mounts: { dir: string; dataset: string; ref: string; follows: boolean }[];
}

export interface Run {
  name: string;
  id: string;
  dataset: string;
  revision: string;
  table: string;
  status: "running" | "finished" | "failed" | "lost";
  kind?: "training" | "evaluation";
  host: string | null;
  parameters: Record<string, Cell> | null;
  started_at: string;
  finished_at?: string | null;
  heartbeat_at?: string | null;
  epochs: number;
  rows: number;
  columns: { name: string; type: string }[];
  latest: Record<string, number>;
}

export interface Curves {
  curves: { name: string /** (step, value). */; points: number[][] }[];
}

/** An embedding that is places now: columns of its run. */
export interface Reduced {
  run: string;
  columns: string[];
  rows: number;
  shares: number[];
}

export interface MetricRows {
  rows: Record<string, Cell>[];
}

/** What is otherwise in a run than in the first, of the samples that all have. */
export interface RunChange {
  run: string;
  higher: number;
  lower: number;
  same: number;
  /** By the prediction; null where no label or no prediction is known. */
  better: number | null;
  worse: number | null;
  both_right: number | null;
  both_wrong: number | null;
}

export interface ClassCount {
  class: string;
  rows: number;
  /** In the order of the runs. */
  right: number[];
  delta: number[];
}

export interface Comparison {
  runs: string[];
  samples: number[];
  only: number[];
  in_all: number;
  changes: RunChange[];
  classes: ClassCount[] | null;
  total: number;
  rows: { sample: string; label: string | null; values: (number | null)[]; predicted: (string | null)[] }[];
}

export type CompareOrder = "sample" | "rise" | "fall" | "high" | "low";

export interface Import {
  id?: string;
  files: number;
  bytes: number;
  done: boolean;
  name?: string;
  dataset?: string | null;
  error?: Problem | null;
}

export interface SavedView {
  name: string;
  state: string;
  saved_at: string;
  etag: string;
}

export interface Session {
  user: string | null;
  role: "viewer" | "editor" | "admin";
}

export interface About {
  version: string;
  read_only?: boolean;
  components?: { name: string; version: string; licence?: string }[];
  [fact: string]: unknown;
}

export interface SqlAnswer {
  columns: { name: string; type: string }[];
  rows: Cell[][];
  truncated: boolean;
  elapsed_ms: number;
}

// Which route says it ---------------------------------------------------------------------------

type Answers<R> = {
  200: { headers: Record<string, unknown>; content: { "application/json": R } };
  default: { headers: Record<string, unknown>; content: { "application/problem+json": Problem } };
};
/** A route without a path parameter takes none. */
type Path<P> = keyof P extends never ? { path?: never } : { path: P };
type Get<P, Q, R> = { parameters: Path<P> & { query?: Q; header?: Record<string, string> }; responses: Answers<R> };
type Send<P, B, R> = {
  parameters: Path<P> & { query?: { author?: string }; header?: Record<string, string> };
  requestBody: { content: { "application/json": B } };
  responses: Answers<R>;
};

type D = { dataset: string };
type DB = D & { branch: string };
type V = D & { ref: string };
type VT = V & { table: string };
type None = Record<never, never>;
/** A run's metrics as more columns of a table. */
type Joined = { run?: string; epoch?: string; run2?: string };
type Where = Joined & { where?: string };
type ById = { id: string };
type ByRun = { run: string };

export interface paths {
  "/v1/about": { get: Get<None, None, About> };
  "/v1/session": {
    get: Get<None, None, Session>;
    post: Send<None, { token: string }, Session>;
    delete: Get<None, None, None>;
  };
  "/v1/mounts": { get: Get<None, None, { mounts: Mount[] }> };
  "/v1/datasets": {
    get: Get<None, None, { datasets: DatasetSummary[] }>;
    post: Send<None, { name: string; source: string; format?: string }, { import: string }>;
  };
  "/v1/imports/{id}": { get: Get<ById, None, Import> };
  "/v1/datasets/{dataset}": { get: Get<D, None, Dataset> };
  "/v1/datasets/{dataset}/refresh": {
    post: Send<D, { branch: string }, { revision?: string; added: number; modified: number; removed: number }>;
  };
  "/v1/datasets/{dataset}/log": {
    get: Get<D, { ref?: string; limit?: number; all?: boolean }, { revisions: LogEntry[] }>;
  };
  "/v1/datasets/{dataset}/branches/{name}": {
    post: Send<D & { name: string }, { at: string }, Ref>;
    delete: Get<D & { name: string }, None, None>;
  };
  "/v1/datasets/{dataset}/tags/{name}": {
    post: Send<D & { name: string }, { at: string }, Ref>;
    delete: Get<D & { name: string }, None, None>;
  };
  "/v1/datasets/{dataset}/merge": {
    post: Send<
      D,
      { into: string; from: string; message: string; author?: string; prefer?: "ours" | "theirs" },
      { revision: string; changes: number }
    >;
  };
  "/v1/datasets/{dataset}/revert": {
    post: Send<D, { revision: string; branch: string; author?: string }, { revision: string; changes: number }>;
  };
  "/v1/datasets/{dataset}/diff": {
    get: Get<D, { from: string; to: string; limit?: number; offset?: number; table?: string }, Diff>;
  };
  "/v1/datasets/{dataset}/diff/revert": {
    post: Send<
      D,
      {
        from: string;
        to: string;
        keys?: { table: string; key: string; column?: string }[];
        all?: boolean;
        branch: string;
      },
      Draft
    >;
  };
  "/v1/datasets/{dataset}/drafts/{branch}": { get: Get<DB, { author?: string }, Draft> };
  "/v1/datasets/{dataset}/drafts/{branch}/edits": { post: Send<DB, { edits: Edit[]; label?: string }, Draft> };
  "/v1/datasets/{dataset}/drafts/{branch}/undo": { post: Send<DB, None, Draft> };
  "/v1/datasets/{dataset}/drafts/{branch}/redo": { post: Send<DB, None, Draft> };
  "/v1/datasets/{dataset}/drafts/{branch}/discard": {
    post: Send<DB, { paths?: string[] }, Draft>;
  };
  "/v1/datasets/{dataset}/drafts/{branch}/diff": {
    get: Get<DB, { author?: string; limit?: number; offset?: number }, Diff>;
  };
  "/v1/datasets/{dataset}/drafts/{branch}/commit": {
    post: Send<DB, { message: string; author?: string; branch?: string }, Committed>;
  };
  "/v1/datasets/{dataset}/drafts/{branch}/merge": {
    get: Get<DB, { author?: string }, Merging>;
    post: Send<DB, { from: string; message?: string }, Merging>;
  };
  "/v1/datasets/{dataset}/drafts/{branch}/merge/resolve": {
    post: Send<DB, { conflicts?: number[]; take?: "ours" | "theirs"; value?: Cell }, Merging>;
  };
  "/v1/datasets/{dataset}/drafts/{branch}/rebase": { post: Send<DB, None, Draft> };
  "/v1/datasets/{dataset}/at/{ref}": { get: Get<V, None, View> };
  "/v1/datasets/{dataset}/at/{ref}/tables": { get: Get<V, None, { tables: Table[] }> };
  "/v1/datasets/{dataset}/at/{ref}/blame/{table}/{key}": { get: Get<VT & { key: string }, None, Blame> };
  "/v1/datasets/{dataset}/at/{ref}/tables/{table}/rows": {
    get: Get<VT, Where & { order?: string; columns?: string; offset?: number; limit?: number }, RowPage>;
  };
  "/v1/datasets/{dataset}/at/{ref}/tables/{table}/histogram": {
    get: Get<VT, Where & { column: string; bins?: number; min?: number; max?: number }, Histogram>;
  };
  "/v1/datasets/{dataset}/at/{ref}/tables/{table}/groups": {
    get: Get<VT, Where & { column: string; limit?: number; search?: string }, Groups>;
  };
  "/v1/datasets/{dataset}/at/{ref}/tables/{table}/quantiles": {
    get: Get<VT, Where & { column: string; q?: string; by?: string }, Quantiles>;
  };
  "/v1/datasets/{dataset}/at/{ref}/tables/{table}/confusion": {
    get: Get<VT, Where & { actual: string; predicted: string }, Confusion>;
  };
  "/v1/datasets/{dataset}/at/{ref}/tables/{table}/neighbours": {
    get: Get<VT, Joined & { column: string; key: string; k?: number; metric?: "cosine" | "l2" }, Neighbours>;
  };
  "/v1/runs": { get: Get<None, { dataset?: string }, { runs: Run[] }> };
  "/v1/runs/{run}": { get: Get<ByRun, None, Run>; delete: Get<ByRun, None, None> };
  "/v1/runs/{run}/metrics": {
    get: Get<ByRun, { epoch?: string; sample?: string; columns?: string; format?: "json" }, MetricRows>;
  };
  "/v1/runs/{run}/scalars": { get: Get<ByRun, { name?: string }, Curves> };
  "/v1/runs/{run}/reduce": {
    post: Send<ByRun, { column?: string; method?: "pca"; dims?: 2 | 3; epoch?: string }, Reduced>;
  };
  "/v1/compare": {
    get: Get<
      None,
      { runs: string; metric: string; epoch?: string; ref?: string; order?: CompareOrder; limit?: number },
      Comparison
    >;
  };
  "/v1/datasets/{dataset}/views": { get: Get<D, None, { views: SavedView[] }> };
  "/v1/datasets/{dataset}/views/{name}": {
    put: Send<D & { name: string }, { state: string }, SavedView>;
    delete: Get<D & { name: string }, None, None>;
  };
  "/v1/sql": { post: Send<None, { query: string; limit?: number; format?: "json" }, SqlAnswer> };
}

// What the event stream says --------------------------------------------------------------------

export interface ServiceEvents {
  ref: { name: string; revision?: string | null };
  draft: { dataset: string; branch: string; writer: string; etag: string };
  run: {
    name: string;
    status: Run["status"] | "deleted";
    rows: number;
    what: "created" | "rows" | "finished" | "changed" | "deleted" | "lost" | "heard";
  };
  import: Import & { id: string };
  mounts: Record<string, unknown>;
  reduce: { run: string; done: boolean; progress?: number; error?: string };
  reset: Record<string, unknown>;
}
