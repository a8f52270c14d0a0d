/** The service's event stream: tells what changed, so that the page asks again. */
import type { ServiceEvents } from "./contract";

export type EventName = keyof ServiceEvents;
type Listener<N extends EventName> = (data: ServiceEvents[N]) => void;

const NAMES: EventName[] = ["ref", "draft", "run", "import", "mounts", "reduce", "reset"];

class Events {
  private source: EventSource | null = null;
  private readonly listeners = new Map<EventName, Set<Listener<never>>>();
  private readonly watchers = new Set<(isOpen: boolean) => void>();
  isOpen = true;

  /** Listens until the returned function is called. */
  on<N extends EventName>(name: N, listener: Listener<N>): () => void {
    const set = this.listeners.get(name) ?? new Set();
    set.add(listener as Listener<never>);
    this.listeners.set(name, set);
    this.open();
    return () => set.delete(listener as Listener<never>);
  }

  onState(watcher: (isOpen: boolean) => void): () => void {
    this.watchers.add(watcher);
    this.open();
    return () => this.watchers.delete(watcher);
  }

  /** Connects anew: after a token was given, or when a person asks. */
  reopen(): void {
    this.source?.close();
    this.source = null;
    this.open();
  }

  private open(): void {
    if (this.source) return;
    const source = new EventSource("/v1/events");
    this.source = source;
    source.onopen = () => this.say(true);
    source.onerror = () => {
      // The browser tries again by itself, but gives up for good on an answer that is no stream: then somebody
      // is there who refuses, or a proxy without a service behind it.
      if (source.readyState !== EventSource.CLOSED) {
        this.say(false);
        return;
      }
      void answers().then((isThere) => this.source === source && this.say(isThere));
      setTimeout(() => this.source === source && this.reopen(), 3000);
    };
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        let data: unknown = {};
        try {
          data = JSON.parse((event as MessageEvent<string>).data);
        } catch {
          return;
        }
        for (const listener of this.listeners.get(name) ?? []) listener(data as never);
      });
    }
  }

  private say(isOpen: boolean): void {
    if (this.isOpen === isOpen) return;
    this.isOpen = isOpen;
    for (const watcher of this.watchers) watcher(isOpen);
  }
}

async function answers(): Promise<boolean> {
  try {
    const { status } = await fetch("/v1/about", { credentials: "same-origin" });
    return status < 500;
  } catch {
    return false;
  }
}

export const events = new Events();
