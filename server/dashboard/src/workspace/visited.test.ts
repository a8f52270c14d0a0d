// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { forgetVisited, openVisited, useVisited, VISITED_MAX, visit, write } from "./visited";

const keys = () => [...useVisited.getState().keys];

beforeEach(() => {
  openVisited("nothing", "none");
  localStorage.clear();
});

test("what was visited of a table is known after a reload, and is not another table's", () => {
  openVisited("traffic", "samples");
  for (const key of ["a", "b", "a"]) visit(key);
  // What waits is written before another table is looked at.
  openVisited("traffic", "boxes");
  expect(keys()).toEqual([]);
  openVisited("traffic", "samples");
  expect(keys()).toEqual(["b", "a"]);
});

test("of too many visited rows the first are forgotten", () => {
  openVisited("traffic", "samples");
  useVisited.setState({ keys: new Set(Array.from({ length: VISITED_MAX }, (_, i) => `${i}`)) });
  visit("new");
  expect(keys().length).toBe(VISITED_MAX);
  expect(keys()[0]).toBe("1");
  expect(keys().at(-1)).toBe("new");
});

test("a storage that holds something else is as if it were empty", () => {
  localStorage.setItem(`veneer.visited.${JSON.stringify(["traffic", "samples"])}`, "{");
  openVisited("traffic", "samples");
  expect(keys()).toEqual([]);
  visit("a");
  forgetVisited();
  write();
  openVisited("traffic", "samples");
  expect(keys()).toEqual([]);
});
