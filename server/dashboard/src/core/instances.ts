/** The boxes of all rows, each a line: what they are counted and chosen by. */
import { Bitmask } from "./bitmask";
import { type BoxForm, fromCell, isBoxForm } from "./box";
import { type Asked, MEASURES, type Measure } from "./instance";

/** A box as a cell lists it. */
interface Listed {
  label?: unknown;
  box?: unknown;
  form?: unknown;
  confidence?: unknown;
}

export interface Bins {
  edges: number[];
  counts: number[];
  total: number;
}

export class Instances {
  /** How the boxes are written; of a column that has them in several forms, the first one's. */
  form: BoxForm | null = null;
  /** Boxes in another form, whose sides say nothing beside those of the others. */
  foreign = 0;
  /** How many boxes the longest list has. */
  longest = 0;
  /** Classes in the order in which they were met; a box's class is the place in it. */
  readonly labels: (string | null)[] = [];
  private readonly codeOf = new Map<string | null, number>();
  private readonly rows: number[] = [];
  private readonly codes: number[] = [];
  private readonly measures: Record<Measure, number[]> = { area: [], aspect: [], confidence: [] };
  /** For each number of boxes, how many rows list so many. */
  private readonly lengths = new Map<number, number>();

  get count(): number {
    return this.rows.length;
  }

  /** Rows come in order, each once. */
  add(row: number, cell: unknown): void {
    if (!Array.isArray(cell)) return;
    this.longest = Math.max(this.longest, cell.length);
    this.lengths.set(cell.length, (this.lengths.get(cell.length) ?? 0) + 1);
    for (const one of cell as (Listed | null)[]) {
      const form = `box-${String(one?.form)}`;
      if (!one || !Array.isArray(one.box) || !isBoxForm(form)) continue;
      this.form ??= form;
      if (form !== this.form) this.foreign++;
      const box = form === this.form ? fromCell(form, one.box as number[], 1, 1) : null;
      this.rows.push(row);
      this.codes.push(this.code(one.label === null || one.label === undefined ? null : String(one.label)));
      this.measures.area.push(box ? box.width * box.height : Number.NaN);
      this.measures.aspect.push(box ? box.width / box.height : Number.NaN);
      this.measures.confidence.push(typeof one.confidence === "number" ? one.confidence : Number.NaN);
    }
  }

  /** How many rows list more than so many. */
  rowsBeyond(most: number): number {
    let rows = 0;
    for (const [length, amount] of this.lengths) if (length > most) rows += amount;
    return rows;
  }

  /** For each class, in how many of these rows a box of it is all else that is asked. */
  rowsByLabel(asked: Asked, within: Bitmask | null): number[] {
    const counts = this.labels.map(() => 0);
    const last = this.labels.map(() => -1);
    this.visit({ ...asked, labels: undefined }, within, (i) => {
      const [row, code] = [this.rows[i], this.codes[i]];
      if (last[code] === row) return;
      last[code] = row;
      counts[code]++;
    });
    return counts;
  }

  /** How many boxes lie between the edges, of those that are all else that is asked. */
  histogram(measure: Measure, edges: number[], asked: Asked, within: Bitmask | null): Bins {
    const counts = Array.from({ length: edges.length - 1 }, () => 0);
    let total = 0;
    this.visit({ ...asked, [measure]: undefined }, within, (i) => {
      const value = this.measures[measure][i];
      if (!Number.isFinite(value)) return;
      total++;
      counts[binOf(edges, value)]++;
    });
    return { edges, counts, total };
  }

  /** Edges that are near where values are small, as sides of a square are; null where no box has the measure. */
  edgesOf(measure: Measure, bins: number): number[] | null {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const value of this.measures[measure]) {
      if (!Number.isFinite(value)) continue;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    if (min > max) return null;
    const [from, to] = [Math.sqrt(Math.max(0, min)), Math.sqrt(Math.max(0, max))];
    return Array.from({ length: bins + 1 }, (_, i) => {
      if (i === 0) return min;
      return i === bins ? max : (from + ((to - from) * i) / bins) ** 2;
    });
  }

  /** The rows one box of which is all that is asked. */
  mask(asked: Asked, rows: number, within: Bitmask | null): Bitmask {
    const mask = new Bitmask(rows);
    this.visit(asked, within, (i) => mask.set(this.rows[i]));
    return mask;
  }

  private visit(asked: Asked, within: Bitmask | null, each: (i: number) => void): void {
    const wanted = asked.labels ? new Set(asked.labels.map((label) => this.codeOf.get(label) ?? -1)) : null;
    const spans = MEASURES.flatMap((measure) => {
      const span = asked[measure];
      if (!span) return [];
      const [low, high] = [span.low ?? Number.NEGATIVE_INFINITY, span.high ?? Number.POSITIVE_INFINITY];
      return [{ values: this.measures[measure], low, high }];
    });
    for (let i = 0; i < this.rows.length; i++) {
      if (within && !within.get(this.rows[i])) continue;
      if (wanted && !wanted.has(this.codes[i])) continue;
      if (spans.every(({ values, low, high }) => values[i] >= low && values[i] <= high)) each(i);
    }
  }

  private code(label: string | null): number {
    let code = this.codeOf.get(label);
    if (code === undefined) {
      code = this.labels.length;
      this.labels.push(label);
      this.codeOf.set(label, code);
    }
    return code;
  }
}

function binOf(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (value >= edges[middle]) low = middle;
    else high = middle - 1;
  }
  return low;
}
