/** What the page and the compute worker say to each other. Masks travel as words, moved and not copied. */

import type { Numbers } from "../core/column";
import type { Polygon } from "../core/polygon";
import type { Camera } from "../render/camera";
import type { PointStyle } from "../render/renderer";

export type Words = Uint32Array<ArrayBuffer>;

/** To the worker. `plot` and `column` name what it keeps. */
export type Ask =
  | { ask: "plot-columns"; plot: number; x: Uint16Array; y: Uint16Array; z: Uint16Array | null; valid: Words | null }
  | { ask: "plot-colours"; plot: number; codes: Uint16Array; palette: Uint32Array; sizes: Uint8Array | null }
  | { ask: "plot-masks"; plot: number; shown: Words | null; selected: Words | null }
  | { ask: "plot-style"; plot: number; style: PointStyle }
  | { ask: "plot-drop"; plot: number }
  | {
      ask: "draw";
      id: number;
      plot: number;
      camera: Camera;
      width: number;
      height: number;
      pixelRatio: number;
      spare: ArrayBuffer | null;
    }
  | {
      ask: "pick";
      id: number;
      plot: number;
      camera: Camera;
      width: number;
      height: number;
      x: number;
      y: number;
      radius: number;
    }
  | { ask: "lasso"; id: number; plot: number; camera: Camera; width: number; height: number; polygon: Polygon }
  | { ask: "column"; column: string; values: Numbers; valid: Words | null }
  | { ask: "column-drop"; column: string }
  | { ask: "range"; id: number; column: string; low: number | null; high: number | null; within: Words | null }
  | { ask: "histogram"; id: number; column: string; edges: Float64Array; mask: Words | null };

/** From the worker: the answer to the ask of the same `id`. */
export type Answer =
  | { id: number; pixels: ArrayBuffer; width: number; height: number }
  | { id: number; row: number }
  | { id: number; mask: Words; length: number; count: number }
  | { id: number; counts: Uint32Array; nulls: number; nan: number; outside: number }
  | { id: number; error: string };
