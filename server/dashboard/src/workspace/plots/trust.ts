/** What a model's predictions with a confidence say of it: all together, and of each class. */
import type { Bitmask } from "../../core/bitmask";
import { type Column, textsOf } from "../../core/column";
import type { ClassScored, Scored } from "../../core/precision-recall";

export interface Answers {
  /** Every row with a prediction and a confidence. */
  all: Scored;
  /** By the value of the class. A row of a class is found if it is predicted as one. */
  classes: ClassScored[];
}

/** Rows outside of the mask, and those without a prediction or a confidence, are left out. */
export function answersOf(actual: Column, predicted: Column, confidence: Column, mask: Bitmask | null): Answers | null {
  if (confidence.kind !== "number") return null;
  const all: Scored = { confidence: [], isRight: [] };
  const classes = new Map<string, ClassScored>();
  const of = (name: string) => {
    let one = classes.get(name);
    if (!one) {
      one = { name, truths: 0, scored: { confidence: [], isRight: [] } };
      classes.set(name, one);
    }
    return one;
  };
  const [truth, guess] = [textsOf(actual), textsOf(predicted)];
  for (let row = 0; row < confidence.values.length; row++) {
    if (mask && !mask.get(row)) continue;
    const value = confidence.values[row];
    const said = guess(row);
    if (!Number.isFinite(value) || said === null || (confidence.valid && !confidence.valid.get(row))) continue;
    const is = truth(row);
    for (const scored of [all, of(said).scored]) {
      scored.confidence.push(value);
      scored.isRight.push(is === said);
    }
    if (is !== null) of(is).truths++;
  }
  return { all, classes: [...classes.values()] };
}

export function calibration(
  { confidence, isRight }: Scored,
  bins: number,
): { confidence: number; accuracy: number; count: number }[] {
  const sums = Array.from({ length: bins }, () => ({ confidence: 0, right: 0, count: 0 }));
  confidence.forEach((value, i) => {
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.floor(value * bins)))];
    bin.confidence += value;
    bin.count++;
    if (isRight[i]) bin.right++;
  });
  return sums.map(({ confidence: sum, right, count }, i) => ({
    confidence: count > 0 ? sum / count : (i + 0.5) / bins,
    accuracy: count > 0 ? right / count : 0,
    count,
  }));
}
