import { expect, test } from "vitest";
import { Bitmask } from "./bitmask";
import { Instances } from "./instances";

const box = (label: string | null, width: number, height: number, confidence?: number) => ({
  label,
  box: [0, 0, width, height],
  form: "xywh",
  ...(confidence === undefined ? {} : { confidence }),
});

function pictures(): Instances {
  const instances = new Instances();
  instances.add(0, [box("bag", 10, 10, 0.9), box("bag", 40, 10, 0.2), box("coat", 5, 10, 0.5)]);
  instances.add(1, null);
  instances.add(2, [box("coat", 30, 30, 0.8), box(null, 1, 1)]);
  instances.add(3, []);
  return instances;
}

test("a row shows if one of its boxes is all that is asked, not if two are half of it each", () => {
  const instances = pictures();
  const rows = (asked: Parameters<Instances["mask"]>[0]) => instances.mask(asked, 4, null).rows();
  expect(rows({ labels: ["bag"] })).toEqual([0]);
  expect(rows({ labels: ["coat"], area: { low: 100, high: null } })).toEqual([2]);
  expect(rows({ labels: ["bag"], area: { low: 400, high: null }, confidence: { low: 0.5, high: null } })).toEqual([]);
  expect(rows({ aspect: { low: null, high: 0.5 } })).toEqual([0]);
  expect(rows({ labels: [null] })).toEqual([2]);
  expect(rows({ labels: ["hat"] })).toEqual([]);
});

test("a class counts rows and not boxes, under all other parts but its own", () => {
  const instances = pictures();
  const counts = (asked: Parameters<Instances["mask"]>[0], within: Bitmask | null = null) =>
    Object.fromEntries(instances.rowsByLabel(asked, within).map((rows, i) => [String(instances.labels[i]), rows]));
  expect(counts({ labels: ["bag"] })).toEqual({ bag: 1, coat: 2, null: 1 });
  expect(counts({ labels: ["bag"], area: { low: 100, high: null } })).toEqual({ bag: 1, coat: 1, null: 0 });
  expect(counts({}, Bitmask.fromRows(4, [2]))).toEqual({ bag: 0, coat: 1, null: 1 });
});

test("a histogram has every box once, the greatest too", () => {
  const instances = pictures();
  const edges = instances.edgesOf("area", 8) ?? [];
  expect(edges[0]).toBe(1);
  expect(edges.at(-1)).toBe(900);
  const { counts, total } = instances.histogram("area", edges, {}, null);
  expect(total).toBe(5);
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(5);
  expect(counts.at(-1)).toBe(1);
  expect(instances.histogram("confidence", [0, 0.5, 1], { labels: ["bag"] }, null).counts).toEqual([1, 1]);
});

test("lists beyond so many boxes, and boxes in another form, are counted", () => {
  const instances = pictures();
  expect([instances.longest, instances.rowsBeyond(2), instances.rowsBeyond(1), instances.rowsBeyond(3)]).toEqual([
    3, 1, 2, 0,
  ]);
  instances.add(4, [{ label: "bag", box: [0, 0, 9, 9], form: "xyxy" }]);
  expect(instances.foreign).toBe(1);
  expect(instances.mask({ area: { low: 0, high: null } }, 5, null).rows()).toEqual([0, 2]);
});
