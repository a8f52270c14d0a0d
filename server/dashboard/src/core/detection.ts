/** How well predicted boxes are the true ones, over many pictures and for each class. */
import { type Guess, matching, type Named } from "./matching";

export interface ClassScore {
  name: string;
  /** How many boxes there are, are predicted, and are predicted where they are. */
  truths: number;
  guesses: number;
  right: number;
  precision: number;
  recall: number;
  /** Average precision: the area under the precision that each recall can have. */
  average: number;
}

/** What is wrong with a picture, by its place among all. */
export interface PictureFaults {
  row: number;
  confused: number;
  invented: number;
  missed: number;
}

interface Tally {
  truths: number;
  guesses: number;
  right: number;
  scored: { confidence: number; isRight: boolean }[];
}

export class Detection {
  readonly faults: PictureFaults[] = [];
  pictures = 0;
  private readonly classes = new Map<string, Tally>();
  private readonly least: number;

  /** Two boxes are the same from this intersection over union on. */
  constructor(least: number) {
    this.least = least;
  }

  add(row: number, truths: readonly Named[], guesses: readonly Guess[]): void {
    this.pictures++;
    const found = matching(truths, guesses, this.least);
    const { confused, invented, missed } = found;
    if (confused + invented + missed > 0) this.faults.push({ row, confused, invented, missed });
    for (const { name } of truths) this.of(name).truths++;
    guesses.forEach(({ name, confidence }, i) => {
      const tally = this.of(name);
      const isRight = found.truths[i] >= 0 && truths[found.truths[i]].name === name;
      tally.guesses++;
      if (isRight) tally.right++;
      tally.scored.push({ confidence: confidence ?? 1, isRight });
    });
  }

  /** The classes, those with most boxes first. */
  scores(): ClassScore[] {
    return [...this.classes]
      .map(([name, { truths, guesses, right, scored }]) => ({
        name,
        truths,
        guesses,
        right,
        precision: guesses === 0 ? Number.NaN : right / guesses,
        recall: truths === 0 ? Number.NaN : right / truths,
        average: averagePrecision(scored, truths),
      }))
      .sort((a, b) => b.truths - a.truths || b.guesses - a.guesses);
  }

  private of(name: string): Tally {
    let tally = this.classes.get(name);
    if (!tally) {
      tally = { truths: 0, guesses: 0, right: 0, scored: [] };
      this.classes.set(name, tally);
    }
    return tally;
  }
}

/** NaN where there is nothing to find. */
export function averagePrecision(scored: readonly { confidence: number; isRight: boolean }[], truths: number): number {
  if (truths === 0) return Number.NaN;
  const sorted = [...scored].sort((a, b) => b.confidence - a.confidence);
  const curve: { precision: number; gain: number }[] = [];
  let right = 0;
  sorted.forEach(({ isRight }, i) => {
    if (!isRight) return;
    right++;
    curve.push({ precision: right / (i + 1), gain: 1 / truths });
  });
  // At a recall the best precision counts that this or any greater recall has.
  let [best, area] = [0, 0];
  for (const { precision, gain } of curve.reverse()) {
    best = Math.max(best, precision);
    area += best * gain;
  }
  return area;
}
