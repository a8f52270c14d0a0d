/** The way to the service: JSON by the contract, bytes for columns and masks. Nothing else fetches. */
import createClient, { type Middleware } from "openapi-fetch";
import { Bitmask } from "../core/bitmask";
import { type Column, type Positions, type Reduced, readColumn, readPositions, readReduced } from "../core/column";
import { author } from "./author";
import type { paths } from "./contract";
import { problemOf, Unreachable } from "./problem";
import { columnUrl, maskUrl, reducedUrl, type TableAt } from "./urls";

const refusals: Middleware = {
  onRequest({ request }) {
    const name = author();
    if (!name) return undefined;
    // A header holds no name outside of Latin letters; the address does.
    const url = new URL(request.url);
    url.searchParams.set("author", name);
    return new Request(url, request);
  },
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === "AbortError" ? error : new Unreachable(error);
  },
};

export const service = createClient<paths, "application/json">({
  baseUrl: "",
  credentials: "same-origin",
  fetch: (request) => globalThis.fetch(request),
});
service.use(refusals);

/** The answer's body; refusals were thrown before. */
export function body<T>({ data }: { data?: T }): T {
  return data as T;
}

async function bytes(url: string, accept: string, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(url, { headers: { Accept: accept }, credentials: "same-origin", signal });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable(error);
  }
  if (!response.ok) throw await problemOf(response);
  return new Uint8Array(await response.arrayBuffer());
}

const ARROW = "application/vnd.apache.arrow.stream";

export async function fetchColumn(at: TableAt, column: string, signal?: AbortSignal): Promise<Column> {
  return readColumn(await bytes(columnUrl(at, column), ARROW, signal), column);
}

export async function fetchPositions(at: TableAt, column: string, signal?: AbortSignal): Promise<Positions> {
  return readPositions(await bytes(columnUrl(at, column, "u16"), ARROW, signal));
}

/** Vectors as places in so many dimensions. */
export async function fetchReduced(at: TableAt, column: string, dims: number): Promise<Reduced> {
  return readReduced(await bytes(reducedUrl(at, column, dims), ARROW));
}

export async function fetchMask(at: TableAt, where: string, rows: number, signal?: AbortSignal): Promise<Bitmask> {
  return Bitmask.fromBytes(await bytes(maskUrl(at, where), "application/octet-stream", signal), rows);
}
