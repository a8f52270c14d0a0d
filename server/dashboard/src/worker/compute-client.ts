/** The page's side of the compute worker: one worker, promises by id. */
import { Bitmask } from "../core/bitmask";
import type { Answer, Ask, Words } from "./protocol";

type Told<K extends Ask["ask"]> = Omit<Extract<Ask, { ask: K; id: number }>, "ask" | "id">;
type Untold = Exclude<Ask, { id: number }>;

export class ComputeClient {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  private last = 0;

  constructor(worker: Worker) {
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const waiter = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("error" in data) waiter?.reject(new Error(data.error));
      else waiter?.resolve(data);
    };
    worker.onerror = (event) => {
      const error = new Error(event.message || "the compute worker failed");
      for (const waiter of this.waiting.values()) waiter.reject(error);
      this.waiting.clear();
    };
  }

  /** Copies what it is given: the page keeps its columns. */
  tell(ask: Untold): void {
    this.worker.postMessage(ask);
  }

  private ask<A extends Answer>(ask: Ask & { id: number }, transfer: Transferable[] = []): Promise<A> {
    return new Promise((resolve, reject) => {
      this.waiting.set(ask.id, { resolve: resolve as (answer: Answer) => void, reject });
      this.worker.postMessage(ask, transfer);
    });
  }

  draw(what: Told<"draw">): Promise<Extract<Answer, { pixels: ArrayBuffer }>> {
    return this.ask({ ask: "draw", id: ++this.last, ...what }, what.spare ? [what.spare] : []);
  }

  async pick(what: Told<"pick">): Promise<number> {
    const { row } = await this.ask<Extract<Answer, { row: number }>>({ ask: "pick", id: ++this.last, ...what });
    return row;
  }

  async lasso(what: Told<"lasso">): Promise<Bitmask> {
    return maskOf(await this.ask({ ask: "lasso", id: ++this.last, ...what }));
  }

  async range(what: Told<"range">): Promise<Bitmask> {
    return maskOf(await this.ask({ ask: "range", id: ++this.last, ...what }));
  }

  histogram(what: Told<"histogram">): Promise<Extract<Answer, { counts: Uint32Array }>> {
    return this.ask({ ask: "histogram", id: ++this.last, ...what });
  }
}

const maskOf = ({ mask, length }: { id: number; mask: Words; length: number; count: number }) =>
  new Bitmask(length, mask);

let only: ComputeClient | null = null;

/** The page's one worker, started when it is first needed. */
export function compute(): ComputeClient {
  only ??= new ComputeClient(new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
  return only;
}
