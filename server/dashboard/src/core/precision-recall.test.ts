import { expect, test } from "vitest";
import { averagePrecision, precisionRecall } from "./precision-recall";

const scored = { confidence: [0.9, 0.9, 0.5, 0.1], isRight: [true, false, true, false] };

test("answers of one confidence are given together", () => {
  expect(precisionRecall(scored, 4)).toEqual([
    { threshold: 0.9, precision: 0.5, recall: 0.25 },
    { threshold: 0.5, precision: 2 / 3, recall: 0.5 },
    { threshold: 0.1, precision: 0.5, recall: 0.5 },
  ]);
});

test("recall is the share of what there is to find, which may be more than was answered", () => {
  expect(precisionRecall(scored, 8).at(-1)?.recall).toBe(0.25);
  expect(precisionRecall(scored, 0).at(-1)?.recall).toBeNaN();
});

test("a long curve has about as many steps as are asked for, and ends with the last answer", () => {
  const long = {
    confidence: Array.from({ length: 1000 }, (_, i) => Math.floor(i / 3)),
    isRight: Array.from({ length: 1000 }, (_, i) => i % 2 === 0),
  };
  const curve = precisionRecall(long, 1000, 50);
  expect(curve.length).toBeGreaterThan(30);
  expect(curve.length).toBeLessThanOrEqual(51);
  expect(curve.at(-1)).toEqual({ threshold: 0, precision: 0.5, recall: 0.5 });
});

test("average precision is the area under the best precision that each recall can have", () => {
  const answers = (text: string) => ({
    confidence: [...text].map((_, i) => 1 - i / 10),
    isRight: [...text].map((one) => one === "+"),
  });
  expect(averagePrecision(answers("++"), 2)).toBeCloseTo(1);
  expect(averagePrecision(answers("+-+"), 2)).toBeCloseTo(0.5 * 1 + 0.5 * (2 / 3));
  // Precision 1/2, then 2/3: the second is what both recalls can have.
  expect(averagePrecision(answers("-++"), 2)).toBeCloseTo(2 / 3);
  expect(averagePrecision(answers("+"), 4)).toBeCloseTo(0.25);
  expect(averagePrecision(answers(""), 0)).toBeNaN();
});
