import { expect, test } from "vitest";
import { learningTotals, mostForgotten } from "./learning-sql";

const of = { run: 'odd "run"', dataset: "d", table: "samples", revision: "main~1", key: "key", label: "it's" };

test("names and texts are quoted, whatever is in them", () => {
  const sql = mostForgotten(of);
  expect(sql).toContain('FROM runs."odd ""run"""');
  expect(sql).toContain("at('d', 'samples', 'main~1')");
  expect(sql).toContain(`s."it's"`);
  expect(learningTotals(of).startsWith("WITH a AS (")).toBe(true);
});
