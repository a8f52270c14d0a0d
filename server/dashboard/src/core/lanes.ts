/** Lanes of a history graph: which column each revision stands in, and which lines pass it. */

export interface Node {
  id: string;
  parents: readonly string[];
}

export interface Lane {
  /** The column of the revision's dot. */
  column: number;
  /** Lines from this line of the list to the next: (from column, to column, key of what runs in it). */
  edges: { from: number; to: number; colour: number }[];
  /** The greatest column in use. */
  width: number;
}

/** Lays out revisions that come newest first, each before its parents. */
export function lanesOf(nodes: readonly Node[]): Lane[] {
  // Each open lane waits for the revision that it leads to.
  let open: { waits: string; colour: number }[] = [];
  let colours = 0;
  return nodes.map(({ id, parents }) => {
    let column = open.findIndex(({ waits }) => waits === id);
    if (column < 0) {
      column = open.length;
      open.push({ waits: id, colour: colours++ });
    }
    const own = open[column].colour;
    const next: { waits: string; colour: number }[] = [];
    const edges: Lane["edges"] = [];
    const place = (waits: string, colour: number) => {
      const found = next.findIndex((lane) => lane.waits === waits);
      if (found >= 0) return found;
      next.push({ waits, colour });
      return next.length - 1;
    };
    open.forEach((lane, from) => {
      if (lane.waits !== id) {
        edges.push({ from, to: place(lane.waits, lane.colour), colour: lane.colour });
      } else if (from === column) {
        parents.forEach((parent, i) => {
          const colour = i === 0 ? own : colours++;
          edges.push({ from, to: place(parent, colour), colour });
        });
      }
    });
    // Other lanes that led here have ended at this dot; the lines into it were drawn above.
    const width = Math.max(open.length, next.length) - 1;
    open = next;
    return { column, edges, width };
  });
}
