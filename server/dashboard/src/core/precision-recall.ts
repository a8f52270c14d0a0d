/** Precision against recall, as fewer and fewer sure answers count. */

/** Answers, each with how sure it is. */
export interface Scored {
  confidence: number[];
  isRight: boolean[];
}

export interface AtThreshold {
  threshold: number;
  precision: number;
  recall: number;
}

/** The answers that say one class, and how many there are to find of it. */
export interface ClassScored {
  name: string;
  truths: number;
  scored: Scored;
}

const surestFirst = ({ confidence }: Scored) =>
  Uint32Array.from(confidence.keys()).sort((a, b) => confidence[b] - confidence[a]);

/** The curve as the threshold falls, in about `points` steps; `truths` is how many there are to find. */
export function precisionRecall(scored: Scored, truths: number, points = 200): AtThreshold[] {
  const { confidence, isRight } = scored;
  const order = surestFirst(scored);
  const curve: AtThreshold[] = [];
  let right = 0;
  const every = Math.max(1, Math.floor(order.length / points));
  let told = 0;
  for (let i = 0; i < order.length; i++) {
    if (isRight[order[i]]) right++;
    const next = confidence[order[i + 1]];
    // Answers of one confidence are given together.
    if (next === confidence[order[i]]) continue;
    if (i + 1 - told < every && i < order.length - 1) continue;
    told = i + 1;
    const recall = truths === 0 ? Number.NaN : right / truths;
    curve.push({ threshold: confidence[order[i]], precision: right / told, recall });
  }
  return curve;
}

/** The area under the best precision that each recall can have; NaN where there is nothing to find. */
export function averagePrecision(scored: Scored, truths: number): number {
  if (truths === 0) return Number.NaN;
  const hits: number[] = [];
  let right = 0;
  surestFirst(scored).forEach((at, i) => {
    if (!scored.isRight[at]) return;
    right++;
    hits.push(right / (i + 1));
  });
  // At a recall the best precision counts that this or any greater recall has.
  let [best, area] = [0, 0];
  for (const precision of hits.reverse()) {
    best = Math.max(best, precision);
    area += best / truths;
  }
  return area;
}
