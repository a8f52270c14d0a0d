import { expect, test } from "vitest";
import { orderOf, orderText, turned } from "./order";

test("an order goes to the service and back", () => {
  const terms = [
    { column: "r1.loss", isDescending: true },
    { column: 'odd "name", with comma', isDescending: false },
    { column: "label", isDescending: true },
  ];
  expect(orderText(terms)).toBe('"r1.loss" desc nulls last,"odd ""name"", with comma",label desc nulls last');
  expect(orderOf(orderText(terms))).toEqual(terms);
  expect(orderOf('"r1.loss" desc, label')).toEqual([terms[0], { column: "label", isDescending: false }]);
  expect(orderOf("")).toEqual([]);
});

test("a head is clicked through falling, rising and none", () => {
  const once = turned([], "a", false);
  expect(once).toEqual([{ column: "a", isDescending: true }]);
  expect(turned(once, "a", false)).toEqual([{ column: "a", isDescending: false }]);
  expect(turned(turned(once, "a", false), "a", false)).toEqual([]);
  expect(turned(once, "b", true).map(({ column }) => column)).toEqual(["a", "b"]);
});
