/** The address bar, which holds all state that a link should carry. */
import { useSyncExternalStore } from "react";

type Changes = Record<string, string | null | undefined>;

const MOVED = "veneer-moved";

export interface Place {
  path: string;
  query: URLSearchParams;
}

let cached: { href: string; place: Place } | null = null;

export function place(): Place {
  const { pathname, search } = window.location;
  const href = pathname + search;
  if (cached?.href !== href) cached = { href, place: { path: pathname, query: new URLSearchParams(search) } };
  return cached.place;
}

export function usePlace(): Place {
  return useSyncExternalStore(subscribe, place);
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("popstate", changed);
  window.addEventListener(MOVED, changed);
  return () => {
    window.removeEventListener("popstate", changed);
    window.removeEventListener(MOVED, changed);
  };
}

/** Goes to an address of this application; `replace` leaves no step to go back to. */
export function navigate(href: string, replace = false): void {
  if (href === window.location.pathname + window.location.search) return;
  if (replace) window.history.replaceState(null, "", href);
  else window.history.pushState(null, "", href);
  window.dispatchEvent(new Event(MOVED));
}

/** Changes parts of the query; null takes a part away. */
export function setQuery(changes: Changes, replace = false): void {
  const { path, query } = place();
  navigate(withQuery(path, query, changes), replace);
}

export function withQuery(path: string, query: URLSearchParams, changes: Changes): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  return text ? `${path}?${text}` : path;
}
