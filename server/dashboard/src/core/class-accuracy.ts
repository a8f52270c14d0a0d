/** How often each class is predicted right, from a confusion matrix; null is no class. */

interface Matrix {
  actual: readonly unknown[];
  predicted: readonly unknown[];
  counts: readonly (readonly number[])[];
}

/** Share of right answers by class, over the rows that have a prediction. */
export function classAccuracy({ actual, predicted, counts }: Matrix): Map<string, { right: number; rows: number }> {
  const found = new Map<string, { right: number; rows: number }>();
  actual.forEach((value, i) => {
    if (value === null) return;
    let [right, rows] = [0, 0];
    predicted.forEach((guess, j) => {
      if (guess === null) return;
      rows += counts[i][j];
      if (String(guess) === String(value)) right += counts[i][j];
    });
    if (rows > 0) found.set(String(value), { right, rows });
  });
  return found;
}

/** Classes of both, by how much their accuracy changed, the greatest change first. */
export function accuracyDeltas(
  before: Matrix,
  after: Matrix,
): { name: string; before: number; after: number; rows: number }[] {
  const [a, b] = [classAccuracy(before), classAccuracy(after)];
  const both = [...a].flatMap(([name, { right, rows }]) => {
    const other = b.get(name);
    return other ? [{ name, before: right / rows, after: other.right / other.rows, rows: other.rows }] : [];
  });
  return both.sort((x, y) => Math.abs(y.after - y.before) - Math.abs(x.after - x.before));
}
