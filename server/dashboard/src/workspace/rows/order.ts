/** The order of rows as the service takes it: `"a" desc nulls last,"b"`; rows without a value are the last either way. */
import { quoteName } from "../../core/sql-text";

export interface Term {
  column: string;
  isDescending: boolean;
}

export const orderText = (terms: readonly Term[]) =>
  terms
    .map(
      ({ column, isDescending }) =>
        `${/^[a-z_][a-z0-9_]*$/.test(column) ? column : quoteName(column)}${isDescending ? " desc nulls last" : ""}`,
    )
    .join(",");

export function orderOf(text: string): Term[] {
  const terms: Term[] = [];
  for (const found of text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,"\s]+))(\s+desc)?(?:\s+nulls\s+last)?\s*(?:,|$)/gi)) {
    terms.push({
      column: found[1] !== undefined ? found[1].replaceAll('""', '"') : found[2],
      isDescending: found[3] !== undefined,
    });
  }
  return terms;
}

/** A click on a column's head: falling, rising, gone; with `isMore` beside the other columns. */
export function turned(terms: readonly Term[], column: string, isMore: boolean): Term[] {
  const now = terms.find((term) => term.column === column);
  const next =
    now === undefined ? { column, isDescending: true } : now.isDescending ? { column, isDescending: false } : null;
  if (!isMore) return next ? [next] : [];
  if (now === undefined) return [...terms, { column, isDescending: true }];
  return terms.flatMap((term) => (term.column === column ? (next ? [next] : []) : [term]));
}
