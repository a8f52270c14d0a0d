/** A merge that stands in a draft: its conflicts, and the decisions on them, each a step that undo takes back. */
import { type QueryClient, useQuery } from "@tanstack/react-query";
import { body, service } from "./client";
import type { Cell, Merging, StandingMerge } from "./contract";
import type { DraftAt } from "./drafts";
import { keys } from "./queries";

const MERGE = "/v1/datasets/{dataset}/drafts/{branch}/merge";

const place = ({ dataset, branch }: DraftAt) => [...keys.draft(dataset, branch), "merge"] as const;

/** What stands in the draft, with the draft itself: a decision names places in exactly this list. */
export const useMerging = (at: DraftAt) =>
  useQuery({
    queryKey: place(at),
    queryFn: async (): Promise<Merging> => body(await service.GET(MERGE, { params: { path: { ...at } } })),
  });

export const isStanding = ({ theirs }: StandingMerge): boolean => theirs !== null && theirs !== undefined;

/** How conflicts are decided: by a side, or by a value of one's own. */
export type Verdict = { take: "ours" | "theirs" } | { value: Cell };

export class Merges {
  private readonly client: QueryClient;

  constructor(client: QueryClient) {
    this.client = client;
  }

  async begin(at: DraftAt, from: string): Promise<Merging> {
    const what = { from, message: `Merge ${from} into ${at.branch}` };
    return this.keep(at, body(await service.POST(MERGE, { params: { path: { ...at } }, body: what })));
  }

  /** Decides the conflicts at these places of the list as `known` has it; all that are left without places. */
  async decide(at: DraftAt, known: Merging, verdict: Verdict, places?: number[]): Promise<Merging> {
    return this.keep(
      at,
      body(
        await service.POST(`${MERGE}/resolve`, {
          params: { path: { ...at } },
          // The places are those of this state; in another one they are other conflicts.
          headers: { "If-Match": `"${known.etag}"` },
          body: { ...verdict, ...(places ? { conflicts: places } : {}) },
        }),
      ),
    );
  }

  private async keep(at: DraftAt, merging: Merging): Promise<Merging> {
    await this.client.cancelQueries({ queryKey: keys.draft(at.dataset, at.branch) });
    const { merge: _, ...draft } = merging;
    this.client.setQueryData(keys.draft(at.dataset, at.branch), draft);
    this.client.setQueryData(place(at), merging);
    return merging;
  }
}
