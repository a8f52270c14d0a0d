/**
 * What the service says and takes, by the names that pages use.
 *
 * The types are those of its OpenAPI document (`openapi.ts`, made by `npm run client`); what stands here beside them
 * is what that document leaves open.
 */
import type { Cell } from "./cell";
import type { components, paths } from "./openapi";

export type { Cell };

type Schemas = components["schemas"];

/** A problem has the facts of its kind beside these. */
export type Problem = Schemas["Problem"] & { hint?: string; [fact: string]: unknown };

/** Of a label the classes as (value in the cell, name), in order; the client reads a pair as a list. */
export type Role = Omit<Schemas["RoleDetail"], "classes"> & { classes?: string[][] | null };
export type TableColumn = Omit<Schemas["ColumnDetail"], "role"> & { role: Role };
export type Table = Omit<Schemas["TableDetail"], "columns"> & { columns: TableColumn[] };
export type Row = { _key: string; _row: number } & Record<string, Cell>;
export type Histogram = Schemas["Histogram"];

export type LogEntry = Schemas["LogEntry"];
export type Diff = Schemas["DiffAnswer"];
export type DiffRow = Schemas["RowDifference"];
export type ClassFlow = Schemas["ClassCount"];
export type Conflict = Schemas["ConflictDetail"];

export type Draft = Schemas["DraftDetail"];
export type Edit = Schemas["Edit"];
/** A cell, or an expression over the row. */
export type CellEdit = Cell | { expr: string };
export type Committed = Schemas["Committed"];
export type Merging = Schemas["Merging"];
export type StandingMerge = Schemas["StandingMerge"];

export type Import = Schemas["ImportDetail"];
export type Run = Schemas["RunDetail"];

/** Runs side by side; of each sample the values and predictions in the order of the runs. */
export type Comparison = Omit<Schemas["ComparisonDetail"], "rows"> & {
  rows: { sample: string; label: string | null; values: (number | null)[]; predicted: (string | null)[] }[];
};
export type CompareOrder = "sample" | "rise" | "fall" | "high" | "low";

export type { paths };

/** What the event stream says. */
export interface ServiceEvents {
  ref: { name: string; revision?: string | null };
  draft: { dataset: string; branch: string; writer: string; etag: string };
  run: { name: string; status: Run["status"]; rows: number; what: string };
  import: Import;
  mounts: Record<string, unknown>;
  reduce: { run: string; done: boolean; progress?: number; error?: string };
  reset: Record<string, unknown>;
}
