/** How well predicted boxes are the true ones, over many pictures and for each class. */
import { type Guess, matching, type Named } from "./matching";
import { averagePrecision, type ClassScored } from "./precision-recall";

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

interface Tally extends ClassScored {
  right: number;
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
      if (isRight) tally.right++;
      tally.scored.confidence.push(confidence ?? 1);
      tally.scored.isRight.push(isRight);
    });
  }

  /** The classes, those with most boxes first. */
  scores(): ClassScore[] {
    return [...this.classes.values()]
      .map(({ name, truths, right, scored }) => {
        const guesses = scored.confidence.length;
        return {
          name,
          truths,
          guesses,
          right,
          precision: guesses === 0 ? Number.NaN : right / guesses,
          recall: truths === 0 ? Number.NaN : right / truths,
          average: averagePrecision(scored, truths),
        };
      })
      .sort((a, b) => b.truths - a.truths || b.guesses - a.guesses);
  }

  /** What the curves of the classes are drawn of. */
  scored(): ClassScored[] {
    return [...this.classes.values()];
  }

  private of(name: string): Tally {
    let tally = this.classes.get(name);
    if (!tally) {
      tally = { name, truths: 0, right: 0, scored: { confidence: [], isRight: [] } };
      this.classes.set(name, tally);
    }
    return tally;
  }
}
