import { expect, test } from "vitest";
import { calibration, precisionRecall } from "./trust";

const scored = { confidence: [0.9, 0.9, 0.5, 0.1], isRight: [true, false, true, false] };

test("rows of one confidence are answered together", () => {
  expect(precisionRecall(scored)).toEqual([
    { threshold: 0.9, precision: 0.5, recall: 0.25 },
    { threshold: 0.5, precision: 2 / 3, recall: 0.5 },
    { threshold: 0.1, precision: 0.5, recall: 0.5 },
  ]);
});

test("a bin tells its mean confidence and the share that is right", () => {
  const bins = calibration(scored, 2);
  expect(bins[0]).toEqual({ confidence: 0.1, accuracy: 0, count: 1 });
  expect(bins[1].count).toBe(3);
  expect(bins[1].accuracy).toBeCloseTo(2 / 3);
});
