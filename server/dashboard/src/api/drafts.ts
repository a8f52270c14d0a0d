/**
 * What a person does to a draft. Every answer is the draft's new summary, which takes the place of the cached one.
 *
 * Each edit names the draft's state that it was made on, so that two tabs cannot overwrite each other.
 */
import type { QueryClient } from "@tanstack/react-query";
import { body, service } from "./client";
import type { Committed, Draft, Edit } from "./contract";
import { isStatus } from "./problem";
import { keys } from "./queries";

/** The draft was changed elsewhere since this page last read it: nothing was applied. */
export class DraftMoved extends Error {
  constructor() {
    super("the draft was changed in another tab or by another program; this edit was not applied");
    this.name = "DraftMoved";
  }
}

export interface DraftAt {
  dataset: string;
  branch: string;
}

const D = "/v1/datasets/{dataset}/drafts/{branch}";

export class Drafts {
  private readonly client: QueryClient;

  constructor(client: QueryClient) {
    this.client = client;
  }

  async edit(at: DraftAt, edits: Edit[], label: string): Promise<Draft> {
    const etag = this.known(at)?.etag;
    const header = etag ? { "If-Match": quoted(etag) } : undefined;
    return this.keep(at, async () =>
      body(
        await service.POST(`${D}/edits`, {
          params: { path: { ...at } },
          headers: header,
          body: { edits, label },
        }),
      ),
    );
  }

  undo(at: DraftAt): Promise<Draft> {
    return this.keep(at, async () => body(await service.POST(`${D}/undo`, { params: { path: { ...at } } })));
  }

  redo(at: DraftAt): Promise<Draft> {
    return this.keep(at, async () => body(await service.POST(`${D}/redo`, { params: { path: { ...at } } })));
  }

  discard(at: DraftAt): Promise<Draft> {
    return this.keep(at, async () =>
      body(await service.POST(`${D}/discard`, { params: { path: { ...at } }, body: {} })),
    );
  }

  rebase(at: DraftAt): Promise<Draft> {
    return this.keep(at, async () => body(await service.POST(`${D}/rebase`, { params: { path: { ...at } } })));
  }

  async commit(at: DraftAt, what: { message: string; author?: string; branch?: string }): Promise<Committed> {
    const done = body(await service.POST(`${D}/commit`, { params: { path: { ...at } }, body: what }));
    await this.client.invalidateQueries({ queryKey: keys.dataset(at.dataset) });
    await this.client.invalidateQueries({ queryKey: keys.datasets });
    return done;
  }

  /** Gives the changes from one revision to another back, as a step of the draft. */
  async revert(
    at: DraftAt,
    from: string,
    to: string,
    rows: { table: string; key: string; column?: string }[] | "all",
  ): Promise<Draft> {
    const { dataset, branch } = at;
    const what = rows === "all" ? { all: true } : { keys: rows };
    const options = { params: { path: { dataset } }, body: { from, to, branch, ...what } };
    return this.keep(at, async () => body(await service.POST("/v1/datasets/{dataset}/diff/revert", options)));
  }

  private known({ dataset, branch }: DraftAt): Draft | null | undefined {
    return this.client.getQueryData<Draft | null>(keys.draft(dataset, branch));
  }

  private async keep(at: DraftAt, ask: () => Promise<Draft>): Promise<Draft> {
    const place = keys.draft(at.dataset, at.branch);
    try {
      const draft = await ask();
      await this.client.cancelQueries({ queryKey: place, exact: true });
      this.client.setQueryData(place, draft);
      return draft;
    } catch (error) {
      if (!isStatus(error, 412)) throw error;
      await this.client.invalidateQueries({ queryKey: place, exact: true });
      throw new DraftMoved();
    }
  }
}

const quoted = (etag: string) => (etag.startsWith('"') ? etag : `"${etag}"`);
