/**
 * Which columns an edit made old. A label that was set leaves the positions of a plot as they are:
 * a million of them are not fetched again.
 */
import { create } from "zustand";
import type { Edit } from "../api/contract";

interface Versions {
  /** The draft's state that `all` and `columns` speak of. */
  etag: string;
  all: number;
  columns: Readonly<Record<string, number>>;
}

export const useVersions = create<Versions>(() => ({ etag: "", all: 0, columns: {} }));

/** An edit of this page is done, and the draft is now at `etag`. */
export function edited(edits: readonly Edit[], etag: string): void {
  useVersions.setState(({ all, columns }) => {
    const touched = edits.map((edit) => (edit.kind === "set" ? Object.keys(edit.cells) : null));
    if (touched.includes(null)) return { etag, all: all + 1, columns };
    const next = { ...columns };
    for (const column of touched.flat()) if (column) next[column] = (next[column] ?? 0) + 1;
    return { etag, all, columns: next };
  });
}

/** The draft is at `etag`; if no edit of this page brought it there, anything may have changed. */
export function seen(etag: string): void {
  const now = useVersions.getState();
  if (now.etag !== etag) useVersions.setState({ etag, all: now.all + 1 });
}

export const versionOf = ({ all, columns }: Versions, column: string) => `${all}.${columns[column] ?? 0}`;
