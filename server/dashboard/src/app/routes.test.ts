import { expect, test } from "vitest";
import { withQuery } from "./location";
import { routeOf, to } from "./routes";

test("an address of a branch with a slash comes back as it went", () => {
  const href = to.workspace("traffic", "fix/labels", { q: "[1]" });
  expect(href).toBe("/datasets/traffic/at/fix%2Flabels?q=%5B1%5D");
  expect(routeOf(href.split("?")[0])).toEqual({ page: "workspace", dataset: "traffic", ref: "fix/labels" });
});

test("what is no address of ours is said to be missing", () => {
  for (const path of ["/nothing", "/datasets/a/b/c/d/e", "/runs/x"]) expect(routeOf(path)).toEqual({ page: "missing" });
  expect(routeOf("/datasets/100%/history")).toEqual({ page: "history", dataset: "100%" });
});

test("a part of the query is changed without touching the others", () => {
  const query = new URLSearchParams("a=1&b=2");
  expect(withQuery("/x", query, { b: null, c: "3" })).toBe("/x?a=1&c=3");
  expect(withQuery("/x", query, { a: null, b: null })).toBe("/x");
});
