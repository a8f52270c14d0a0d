/** Which rows this person has looked at: kept by the browser, for each table of its own. */
import { create } from "zustand";

/** Beyond these the rows that were visited first are forgotten. */
export const VISITED_MAX = 20_000;
/** A held arrow key visits many rows: they are written down together. */
const WRITE_AFTER_MS = 500;

interface Visited {
  place: string;
  /** Keys of rows, the last visited last. */
  keys: ReadonlySet<string>;
}

export const useVisited = create<Visited>(() => ({ place: "", keys: new Set() }));

/** Reads what was visited of a table before. */
export function openVisited(dataset: string, table: string): void {
  write();
  const place = `veneer.visited.${JSON.stringify([dataset, table])}`;
  useVisited.setState({ place, keys: new Set(read(place)) });
}

export function visit(key: string): void {
  const { keys, place } = useVisited.getState();
  if (place === "") return;
  const next = new Set(keys);
  next.delete(key);
  next.add(key);
  for (const first of next) {
    if (next.size <= VISITED_MAX) break;
    next.delete(first);
  }
  useVisited.setState({ keys: next });
  clearTimeout(timer);
  timer = setTimeout(write, WRITE_AFTER_MS);
}

export function forgetVisited(): void {
  useVisited.setState({ keys: new Set() });
  clearTimeout(timer);
  timer = setTimeout(write, 0);
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Writes down what waits to be. */
export function write(): void {
  if (timer === undefined) return;
  clearTimeout(timer);
  timer = undefined;
  const { place, keys } = useVisited.getState();
  try {
    localStorage.setItem(place, JSON.stringify([...keys]));
  } catch {
    // A full storage forgets with the page; nothing else depends on it.
  }
}

function read(place: string): string[] {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(place) ?? "[]");
    return Array.isArray(known) ? known.filter((key) => typeof key === "string") : [];
  } catch {
    return [];
  }
}
