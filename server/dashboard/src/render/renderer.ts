/**
 * What a plot asks of a point renderer; two back ends keep it: `webgl-renderer.ts`, and `cpu-renderer.ts`
 * where there is no graphics card. Neither knows rows' meaning, selection rules or React.
 */
import type { Bitmask } from "../core/bitmask";
import type { Polygon } from "../core/polygon";
import type { Camera } from "./camera";

export interface PointColumns {
  x: Uint16Array;
  y: Uint16Array;
  /** Present in 3D. */
  z: Uint16Array | null;
  /** Rows that have a place; null: all. */
  valid: Bitmask | null;
}

export interface PointColours {
  /** An entry of the palette for each row. */
  codes: Uint16Array;
  palette: Uint32Array;
  /** How large each row's point is among all, 0 to 255; null: all are alike. */
  sizes: Uint8Array | null;
}

/** The diameter of a point of this size, for one of the plot's own diameter. */
export const grown = (size: number) => 0.4 + (size / 255) * 2.6;

export interface PointStyle {
  /** Diameter in CSS pixels. */
  size: number;
  mode: "points" | "density";
  background: [number, number, number];
  foreground: [number, number, number];
}

export interface PointMasks {
  /** Rows that pass the filter; null: all. */
  shown: Bitmask | null;
  /** Selected rows; null: none, and then nothing is dimmed. */
  selected: Bitmask | null;
}

export interface Renderer {
  readonly name: "webgl" | "cpu";
  setColumns(columns: PointColumns): void;
  setColours(colours: PointColours): void;
  setMasks(masks: PointMasks): void;
  setStyle(style: PointStyle): void;
  /** Draws with the next frame; many calls within a frame draw once. */
  setCamera(camera: Camera, width: number, height: number, pixelRatio: number): void;
  /** The row nearest to a place of the screen within `radius` pixels, or -1. */
  pick(x: number, y: number, radius: number): Promise<number>;
  /** Shown rows within a polygon in screen pixels. */
  lasso(polygon: Polygon): Promise<Bitmask>;
  toPng(): Promise<Blob>;
  /** Resolves when what was set is on the screen. */
  drawn(): Promise<void>;
  dispose(): void;
}
