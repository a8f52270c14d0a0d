import { expect, test } from "vitest";
import { matching } from "./class-options";

test("names that begin with the text come first, and what is not shown is counted", () => {
  expect(matching(["truck", "car", "Cart", "oxcart"], "car")).toEqual({ shown: ["car", "Cart", "oxcart"], more: 0 });
  const many = Array.from({ length: 10_000 }, (_, i) => `class ${i}`);
  const { shown, more } = matching(many, "");
  expect([shown.length, shown[0], more]).toEqual([50, "class 0", 9950]);
  expect(matching(many, "class 999").shown[0]).toBe("class 999");
  expect(matching(many, "class 999").more).toBe(0);
  expect(matching(many, "nothing")).toEqual({ shown: [], more: 0 });
});
