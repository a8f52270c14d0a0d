/** Every address of the application, both ways. */

export type Route =
  | { page: "home" }
  | { page: "workspace"; dataset: string; ref: string }
  | { page: "history"; dataset: string }
  | { page: "diff"; dataset: string }
  | { page: "conflicts"; dataset: string }
  | { page: "runs" }
  | { page: "compare" }
  | { page: "settings" }
  | { page: "missing" };

export function routeOf(path: string): Route {
  const parts = path.split("/").filter(Boolean).map(decode);
  if (parts.length === 0) return { page: "home" };
  const [first, second, third, fourth] = parts;
  if (first === "datasets" && second !== undefined) {
    if (parts.length === 2) return { page: "workspace", dataset: second, ref: "main" };
    if (parts.length === 3 && (third === "history" || third === "diff" || third === "conflicts")) {
      return { page: third, dataset: second };
    }
    if (parts.length === 4 && third === "at") return { page: "workspace", dataset: second, ref: fourth };
  }
  if (first === "runs" && parts.length === 1) return { page: "runs" };
  if (first === "runs" && second === "compare" && parts.length === 2) return { page: "compare" };
  if (first === "settings" && parts.length === 1) return { page: "settings" };
  return { page: "missing" };
}

// A hand-typed address may hold a lone percent sign.
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const part = encodeURIComponent;

const query = (values: Record<string, string | undefined>) => {
  const kept = Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return kept.length > 0 ? `?${new URLSearchParams(kept)}` : "";
};

export const to = {
  home: () => "/",
  workspace: (dataset: string, ref: string, state: Record<string, string | undefined> = {}) =>
    `/datasets/${part(dataset)}/at/${part(ref)}${query(state)}`,
  history: (dataset: string) => `/datasets/${part(dataset)}/history`,
  diff: (dataset: string, from: string, to: string) => `/datasets/${part(dataset)}/diff${query({ from, to })}`,
  conflicts: (dataset: string, state: { branch?: string; into?: string; from?: string }) =>
    `/datasets/${part(dataset)}/conflicts${query(state)}`,
  /** A run's rows on its dataset; one whose dataset is not in this store has none to show. */
  run: ({ name, dataset }: { name: string; dataset?: string | null }, ref: string) =>
    dataset ? `/datasets/${part(dataset)}/at/${part(ref)}${query({ run: name })}` : `/runs`,
  runs: (dataset?: string) => `/runs${query({ dataset })}`,
  compare: (runs: readonly string[], metric?: string) => `/runs/compare${query({ runs: runs.join(","), metric })}`,
  settings: () => "/settings",
};
