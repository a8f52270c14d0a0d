import { expect, test } from "vitest";
import { Detection } from "./detection";

const box = (x: number) => ({ x, y: 0, width: 10, height: 10 });

test("a confusion is a miss of the one class and an invention of the other", () => {
  const detection = new Detection(0.5);
  detection.add(
    7,
    [
      { box: box(0), name: "car" },
      { box: box(100), name: "van" },
    ],
    [
      { box: box(0), name: "car", confidence: 0.9 },
      { box: box(100), name: "car", confidence: 0.8 },
    ],
  );
  expect(detection.faults).toEqual([{ row: 7, confused: 1, invented: 0, missed: 0 }]);
  const [car, van] = ["car", "van"].map((name) => detection.scores().find((one) => one.name === name));
  expect(car).toMatchObject({ truths: 1, guesses: 2, right: 1, precision: 0.5, recall: 1, average: 1 });
  expect(van).toMatchObject({ truths: 1, guesses: 0, right: 0, recall: 0, average: 0 });
  expect(van?.precision).toBeNaN();
});

test("a picture without a fault is counted and not listed", () => {
  const detection = new Detection(0.5);
  detection.add(0, [], []);
  detection.add(1, [{ box: box(0), name: "car" }], [{ box: box(1), name: "car", confidence: null }]);
  expect(detection.pictures).toBe(2);
  expect(detection.faults).toEqual([]);
});
