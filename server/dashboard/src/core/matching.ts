/** Which predicted box is which true one. */
import { type Box, iou } from "./box";

export interface Named {
  box: Box;
  /** The class. */
  name: string;
}

export interface Guess extends Named {
  /** 0 to 1; null where the model tells none. */
  confidence: number | null;
}

export interface Matching {
  /** For each guess the place of the true box that it is, or -1. */
  truths: number[];
  /** For each guess how much of that box it covers: intersection over union, 0 where there is none. */
  overlaps: number[];
  /** Right box and class; right box, wrong class; nothing there; and true boxes that no guess is. */
  right: number;
  confused: number;
  invented: number;
  missed: number;
}

/**
 * Gives each guess the true box that it overlaps most, `least` or more, the most confident guess first. A box of its
 * own class goes before one of another, and no box is given twice.
 */
export function matching(truths: readonly Named[], guesses: readonly Guess[], least: number): Matching {
  const found: Matching = {
    truths: guesses.map(() => -1),
    overlaps: guesses.map(() => 0),
    right: 0,
    confused: 0,
    invented: 0,
    missed: 0,
  };
  const order = [...guesses.keys()].sort((a, b) => (guesses[b].confidence ?? 1) - (guesses[a].confidence ?? 1));
  const taken = new Set<number>();
  for (const isOwnClass of [true, false]) {
    for (const at of order) {
      if (found.truths[at] >= 0) continue;
      const guess = guesses[at];
      let [best, overlap] = [-1, least];
      truths.forEach((truth, place) => {
        if (taken.has(place) || (isOwnClass && truth.name !== guess.name)) return;
        const over = iou(truth.box, guess.box);
        if (over >= overlap) [best, overlap] = [place, over];
      });
      if (best < 0) continue;
      taken.add(best);
      found.truths[at] = best;
      found.overlaps[at] = overlap;
      if (isOwnClass) found.right++;
      else found.confused++;
    }
  }
  found.invented = guesses.length - found.right - found.confused;
  found.missed = truths.length - taken.size;
  return found;
}
