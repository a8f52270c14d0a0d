import { expect, test } from "vitest";
import { type Filter, fromText, describe as say, toText, whereOf, withClause } from "./filter";

const filter: Filter = [
  { condition: { kind: "range", column: "loss", low: 1.2, high: null } },
  { condition: { kind: "in", column: "label", values: ["it's", null] }, negated: true },
  {
    condition: {
      kind: "lasso",
      x: "x",
      y: {
        terms: [
          ["y", 0.5],
          ["z", -2],
        ],
      },
      polygon: [0, 0, 1, 0, 1, 1],
    },
  },
];

test("a filter is one SQL condition, and names and texts are quoted", () => {
  expect(whereOf(filter.slice(0, 2))).toBe(
    `("loss" >= 1.2) AND (CAST("label" AS VARCHAR) IN ('it''s') OR "label" IS NULL) IS NOT TRUE`,
  );
  expect(whereOf([])).toBeUndefined();
});

test("a facet can ask for the filter without its own clause", () => {
  expect(whereOf(filter.slice(0, 1), 0)).toBeUndefined();
});

test("a filter survives the address bar", () => {
  expect(fromText(toText(filter))).toEqual({ filter, dropped: 0 });
});

test("what is no condition is dropped and counted", () => {
  expect(fromText('[[{"kind":"range","column":"a","low":1,"high":null}],[{"kind":"drop table"}],7]')).toEqual({
    filter: [{ condition: { kind: "range", column: "a", low: 1, high: null } }],
    dropped: 2,
  });
  expect(fromText("{")).toEqual({ filter: [], dropped: 1 });
});

test("a second brush on a column takes the place of the first", () => {
  const next = withClause(filter, { condition: { kind: "range", column: "loss", low: 2, high: 3 } });
  expect(next.length).toBe(3);
  expect(say(next[0])).toBe("loss 2 – 3");
});

test("a long list of values is said by its count", () => {
  expect(say({ condition: { kind: "in", column: "label", values: ["a", "b", "c", "d", "e"] } })).toBe(
    "label = a, b, c and 2 more",
  );
});

test("the same clause is there once", () => {
  const clause = { condition: { kind: "keys" as const, column: "key", keys: ["a", "b"] } };
  const once = withClause([], clause);
  expect(withClause(once, clause)).toBe(once);
  expect(withClause(once, { condition: { ...clause.condition, keys: ["a"] } })).toHaveLength(2);
});
