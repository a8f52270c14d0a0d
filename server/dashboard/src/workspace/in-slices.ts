/** Goes through all rows of a column of lists, and lets the page draw between. */

/** Rows that are looked at before the page may draw again. */
const AT_ONCE = 500;

/** `after` is told how far it is after each slice; what is returned ends the walk. */
export function inSlices(rows: number, each: (row: number) => void, after: (isWhole: boolean) => void): () => void {
  let isWanted = true;
  const go = (from: number) => {
    if (!isWanted) return;
    const end = Math.min(rows, from + AT_ONCE);
    for (let row = from; row < end; row++) each(row);
    after(end === rows);
    if (end < rows) setTimeout(() => go(end), 0);
  };
  go(0);
  return () => {
    isWanted = false;
  };
}
