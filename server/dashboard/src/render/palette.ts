/** Colours by class and by value: the same class has the same colour in every view. */

/** Twelve hues that people with the common colour blindnesses can tell apart, on dark and on light. */
const CATEGORIES = [
  "#4e9af1",
  "#f28e2b",
  "#3fb68b",
  "#e15759",
  "#b07aa1",
  "#d4b106",
  "#76b7b2",
  "#ff9da7",
  "#9c755f",
  "#8cd17d",
  "#c55fd0",
  "#7f8fa6",
];

const VIRIDIS = [
  "#440154",
  "#482878",
  "#3e4989",
  "#31688e",
  "#26828e",
  "#1f9e89",
  "#35b779",
  "#6ece58",
  "#b5de2b",
  "#fde725",
];

const DIVERGING = ["#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7", "#fddbc7", "#f4a582", "#d6604d", "#b2182b"];

export const NULL_COLOUR = "#808891";

export function categoryColour(code: number, own?: string | null): string {
  return own && /^#[0-9a-f]{6}$/i.test(own) ? own : CATEGORIES[code % CATEGORIES.length];
}

export function sequentialColour(share: number): string {
  return ramp(VIRIDIS, share);
}

export function divergingColour(share: number): string {
  return ramp(DIVERGING, share);
}

function ramp(stops: readonly string[], share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const low = Math.floor(place);
  const [a, b] = [parse(stops[low]), parse(stops[Math.min(stops.length - 1, low + 1)])];
  const mix = a.map((part, i) => Math.round(part + (b[i] - part) * (place - low)));
  return `#${mix.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

export function parse(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/** A palette as the renderers take it: 0xAABBGGRR, one for each code and one more for null. */
export function packed(colours: readonly string[]): Uint32Array {
  return Uint32Array.from(colours, (colour) => {
    const [red, green, blue] = parse(colour);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

/** 256 steps of a ramp, and null as the last. */
export function packedRamp(kind: "sequential" | "diverging"): Uint32Array {
  const of = kind === "sequential" ? sequentialColour : divergingColour;
  const colours = Array.from({ length: 256 }, (_, i) => of(i / 255));
  return packed([...colours, NULL_COLOUR]);
}
