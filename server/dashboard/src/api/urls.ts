/** Addresses of what is no JSON: files, thumbnails, columns, masks. */

import { author } from "./author";

/** A table in a view, with the runs whose metrics are joined to it. */
export interface TableAt {
  dataset: string;
  ref: string;
  table: string;
  run?: string;
  epoch?: string;
  run2?: string;
}

const part = encodeURIComponent;

/** Keeps the slashes of a path and encodes the rest. */
const path = (text: string) => text.split("/").map(part).join("/");

export function viewUrl(dataset: string, ref: string): string {
  return `/v1/datasets/${part(dataset)}/at/${part(ref)}`;
}

export function fileUrl(dataset: string, ref: string, file: string): string {
  return `${viewUrl(dataset, ref)}/files/${path(file)}${whose(ref)}`;
}

export const THUMBNAIL_SIZES = [32, 64, 96, 128, 160, 256, 512] as const;

export function thumbnailUrl(dataset: string, ref: string, file: string, wanted: number): string {
  const size = THUMBNAIL_SIZES.find((one) => one >= wanted) ?? 512;
  return `${viewUrl(dataset, ref)}/thumbnails/${size}/${path(file)}${whose(ref)}`;
}

// An image's request carries no header of ours.
const whose = (ref: string) => (ref.startsWith("draft:") && author() ? `?author=${part(author())}` : "");

function tableUrl({ dataset, ref, table }: TableAt): string {
  return `${viewUrl(dataset, ref)}/tables/${part(table)}`;
}

function joined({ ref, run, epoch, run2 }: TableAt, more: Record<string, string> = {}): string {
  const query = new URLSearchParams(more);
  if (ref.startsWith("draft:") && author()) query.set("author", author());
  for (const [name, value] of Object.entries({ run, epoch, run2 })) if (value) query.set(name, value);
  const text = query.toString();
  return text ? `?${text}` : "";
}

export function columnUrl(at: TableAt, column: string, as?: "u16"): string {
  return `${tableUrl(at)}/columns/${part(column)}${joined(at, as ? { as } : {})}`;
}

export function reducedUrl(at: TableAt, column: string, dims: number): string {
  return `${tableUrl(at)}/reduce${joined(at, { column, dims: String(dims) })}`;
}

export function maskUrl(at: TableAt, where: string): string {
  return `${tableUrl(at)}/mask${joined(at, { where })}`;
}

/** The joined runs as query parameters of a JSON route. */
export function joinQuery({ run, epoch, run2 }: TableAt): { run?: string; epoch?: string; run2?: string } {
  return { ...(run ? { run } : {}), ...(epoch ? { epoch } : {}), ...(run2 ? { run2 } : {}) };
}
