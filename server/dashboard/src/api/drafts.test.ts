// @vitest-environment happy-dom
import { QueryClient } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import { DraftMoved, Drafts } from "./drafts";
import { isUnreachable, ServiceProblem } from "./problem";
import { keys } from "./queries";

const at = { dataset: "d", branch: "fix/x" };
const summary = (etag: string) => ({ branch: at.branch, etag, step: etag });

/** Answers every request, and keeps what was asked. */
function answering(...answers: (Response | Error)[]): Request[] {
  const asked: Request[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    asked.push(request);
    const answer = answers.shift() ?? new Error("one request too many");
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return asked;
}

const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

const edit = (drafts: Drafts) => drafts.edit(at, [{ kind: "delete", table: "t", keys: ["1"] }], "Deleted 1 row");

afterEach(() => vi.unstubAllGlobals());

test("an edit names the state that it was made on, and its answer is the new one", async () => {
  const client = new QueryClient();
  client.setQueryData(keys.draft("d", at.branch), summary("7-abc"));
  const asked = answering(json(summary("8-abc")));
  await edit(new Drafts(client));
  expect(new URL(asked[0].url).pathname).toBe("/v1/datasets/d/drafts/fix%2Fx/edits");
  expect(asked[0].headers.get("If-Match")).toBe('"7-abc"');
  expect(client.getQueryData(keys.draft("d", at.branch))).toEqual(summary("8-abc"));
});

test("an edit of an old state is not applied, and says so", async () => {
  answering(json({ title: "moved", status: 412, kind: "ref-moved", detail: "the draft has moved" }, 412));
  await expect(edit(new Drafts(new QueryClient()))).rejects.toBeInstanceOf(DraftMoved);
});

test("a refusal keeps the service's words", async () => {
  answering(json({ title: "no", status: 422, kind: "invalid", detail: "no such row", hint: "look again" }, 422));
  const error = await edit(new Drafts(new QueryClient())).catch((problem) => problem);
  expect(error).toBeInstanceOf(ServiceProblem);
  expect([error.message, error.problem.hint, isUnreachable(error)]).toEqual(["no such row", "look again", false]);
});

test("a service that is away is told from one that refuses", async () => {
  answering(new TypeError("Failed to fetch"));
  expect(isUnreachable(await edit(new Drafts(new QueryClient())).catch((error) => error))).toBe(true);
  answering(new Response("<html>Bad gateway</html>", { status: 502 }));
  expect(isUnreachable(await edit(new Drafts(new QueryClient())).catch((error) => error))).toBe(true);
});
