/** Precision, recall and calibration of predictions with a confidence. */

export interface Scored {
  confidence: number[];
  isRight: boolean[];
}

/** The curve as the threshold falls, in at most `points` steps: recall is the share of all rows answered right. */
export function precisionRecall(
  { confidence, isRight }: Scored,
  points = 200,
): { threshold: number; precision: number; recall: number }[] {
  const order = Uint32Array.from(confidence.keys()).sort((a, b) => confidence[b] - confidence[a]);
  const curve: { threshold: number; precision: number; recall: number }[] = [];
  let right = 0;
  const every = Math.max(1, Math.floor(order.length / points));
  for (let i = 0; i < order.length; i++) {
    if (isRight[order[i]]) right++;
    const next = confidence[order[i + 1]];
    // Rows of one confidence are answered together.
    if (next === confidence[order[i]]) continue;
    if ((i + 1) % every === 0 || i === order.length - 1) {
      curve.push({ threshold: confidence[order[i]], precision: right / (i + 1), recall: right / order.length });
    }
  }
  return curve;
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
