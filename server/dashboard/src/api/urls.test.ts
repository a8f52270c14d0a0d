// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { setAuthor } from "./author";
import { columnUrl, fileUrl, joinQuery, maskUrl, thumbnailUrl } from "./urls";

beforeEach(() => localStorage.clear());

test("a path keeps its slashes, a branch does not", () => {
  expect(fileUrl("a b", "fix/x", "images/100% ä?.png")).toBe(
    "/v1/datasets/a%20b/at/fix%2Fx/files/images/100%25%20%C3%A4%3F.png",
  );
});

test("a thumbnail is asked for in the next size that there is", () => {
  expect(thumbnailUrl("d", "main", "a.png", 100)).toContain("/thumbnails/128/a.png");
  expect(thumbnailUrl("d", "main", "a.png", 4000)).toContain("/thumbnails/512/");
});

test("a run's metrics are joined to columns and masks", () => {
  const at = { dataset: "d", ref: "main", table: "train.csv", run: "r 1" };
  expect(columnUrl(at, "r 1.loss", "u16")).toBe(
    "/v1/datasets/d/at/main/tables/train.csv/columns/r%201.loss?as=u16&run=r+1",
  );
  expect(maskUrl(at, '"a" > 1')).toContain("where=%22a%22+%3E+1");
  expect(joinQuery({ ...at, run: undefined })).toEqual({});
});

test("a draft is the person's own, also where no header can say so", () => {
  setAuthor("Žofie");
  expect(fileUrl("d", "draft:main", "a.png")).toBe("/v1/datasets/d/at/draft%3Amain/files/a.png?author=%C5%BDofie");
  expect(fileUrl("d", "main", "a.png")).not.toContain("author");
});
