import { expect, test } from "vitest";
import { fromText, describe as say, toText, whereOf } from "./filter";
import { type InstanceCondition, instanceSql, operatorsOf, placesFor } from "./instance";

const bags: InstanceCondition = {
  kind: "instance",
  column: "boxes",
  form: "box-xywh",
  most: 2,
  labels: ["bag"],
  area: { low: 900, high: null },
};

test("all that is asked is asked of one and the same box", () => {
  expect(instanceSql(bags)).toBe(
    `"boxes"[1]['label'] IN ('bag') AND CAST("boxes"[1]['box'][3] AS DOUBLE) * "boxes"[1]['box'][4] >= 900` +
      ` OR "boxes"[2]['label'] IN ('bag') AND CAST("boxes"[2]['box'][3] AS DOUBLE) * "boxes"[2]['box'][4] >= 900`,
  );
});

test("a box without a class is no place past the end of the list", () => {
  expect(instanceSql({ ...bags, most: 1, labels: [null], area: undefined })).toBe(
    `"boxes"[1]['label'] IS NULL AND "boxes"[1]['box'] IS NOT NULL`,
  );
});

test("corners are subtracted before they are multiplied", () => {
  expect(instanceSql({ ...bags, form: "box-xyxy", most: 1, labels: undefined })).toBe(
    `CAST("boxes"[1]['box'][3] - "boxes"[1]['box'][1] AS DOUBLE) * ("boxes"[1]['box'][4] - "boxes"[1]['box'][2]) >= 900`,
  );
});

test("the more is asked of each box, the fewer places of a list can be asked", () => {
  const label = placesFor({ labels: ["bag"] }, "box-xywh");
  const span = { low: 1, high: 2 };
  const all = placesFor({ labels: ["bag"], area: span, aspect: span, confidence: span }, "box-xyxy");
  expect(label).toBeGreaterThan(100);
  expect(all).toBeLessThan(label / 4);
  expect(all).toBeGreaterThan(10);
  // Words inside of a class's name are no operators, but they are letters of an address.
  expect(placesFor({ labels: ["[( AND OR *"] }, "box-xywh")).toBe(label);
  expect(placesFor({ labels: Array.from({ length: 500 }, (_, i) => `class ${i}`) }, "box-xywh")).toBeLessThan(10);
});

test("what other filters take of the service's operators is left to them", () => {
  const area = { area: { low: 900, high: null } };
  const alone = placesFor(area, "box-xywh");
  const others = instanceSql({ ...bags, most: 50 });
  const beside = placesFor(area, "box-xywh", others);
  expect(operatorsOf(others)).toBe(50 * 14 + 49);
  expect(beside).toBeLessThan(alone / 3);
  const both = `(${others}) AND (${instanceSql({ ...bags, labels: undefined, most: beside })})`;
  expect(operatorsOf(both)).toBeLessThanOrEqual(1000);
});

test("a filter by boxes survives the address bar, and its chip says what is asked", () => {
  const filter = [{ condition: bags }];
  expect(fromText(toText(filter))).toEqual({ filter, dropped: 0 });
  expect(say(filter[0])).toBe("boxes with one of class = bag, area ≥ 900");
  expect(whereOf([{ ...filter[0], negated: true }])).toMatch(/^\(.* OR .*\) IS NOT TRUE$/);
  const mangled = [
    { ...bags, most: 1e9 },
    { ...bags, form: "box" },
    { ...bags, area: { low: "x", high: null } },
  ];
  expect(fromText(JSON.stringify(mangled.map((one) => [one])))).toEqual({ filter: [], dropped: 3 });
});
