/** The worker's memory and its answers; no messaging here, so that tests call it directly. */
import { Bitmask } from "../core/bitmask";
import type { Numbers } from "../core/column";
import { countInBins, rowsInRange } from "../core/histogram";
import { FIT, project } from "../render/camera";
import { packedRamp } from "../render/palette";
import { drawDensity, drawPoints, lassoRows, pickRow, rowStates, type Surface } from "../render/raster";
import type { PointColumns, PointStyle } from "../render/renderer";
import type { Answer, Ask, Words } from "./protocol";

interface Plot {
  columns: PointColumns;
  codes: Uint16Array;
  palette: Uint32Array;
  sizes: Uint8Array | null;
  shown: Bitmask | null;
  selected: Bitmask | null;
  states: Uint8Array | null;
  style: PointStyle;
}

const STYLE: PointStyle = { size: 3, mode: "points", background: [16, 20, 26], foreground: [230, 235, 240] };

export class Compute {
  private readonly plots = new Map<number, Plot>();
  private readonly columns = new Map<string, { values: Numbers; valid: Bitmask | null }>();
  private readonly ramp = packedRamp("sequential");

  /** Answers an ask, or undefined where it wants no answer. */
  answer(ask: Ask): Answer | undefined {
    switch (ask.ask) {
      case "plot-columns": {
        const { x, y, z, valid } = ask;
        const plot = this.plots.get(ask.plot);
        const columns = { x, y, z, valid: maskOf(valid, x.length) };
        const codes = plot && plot.codes.length === x.length ? plot.codes : new Uint16Array(x.length);
        const same = plot?.columns.x.length === x.length ? plot : undefined;
        this.plots.set(ask.plot, {
          columns,
          codes,
          palette: plot?.palette ?? Uint32Array.of(0xfff19a4e),
          sizes: same?.sizes ?? null,
          shown: same?.shown ?? null,
          selected: same?.selected ?? null,
          states: null,
          style: plot?.style ?? STYLE,
        });
        return undefined;
      }
      case "plot-colours":
        return this.change(ask.plot, { codes: ask.codes, palette: ask.palette, sizes: ask.sizes });
      case "plot-masks": {
        const rows = this.plots.get(ask.plot)?.columns.x.length ?? 0;
        return this.change(ask.plot, {
          shown: maskOf(ask.shown, rows),
          selected: maskOf(ask.selected, rows),
          states: null,
        });
      }
      case "plot-style":
        return this.change(ask.plot, { style: ask.style });
      case "plot-drop":
        this.plots.delete(ask.plot);
        return undefined;
      case "draw":
        return this.draw(ask);
      case "pick": {
        const plot = this.plots.get(ask.plot);
        if (!plot) return { id: ask.id, row: -1 };
        const projection = project(ask.camera, ask.width, ask.height, plot.columns.z !== null);
        return { id: ask.id, row: pickRow(plot.columns, this.states(plot), projection, ask.x, ask.y, ask.radius) };
      }
      case "lasso": {
        const plot = this.plots.get(ask.plot);
        if (!plot) return { id: ask.id, error: "the plot is gone" };
        const projection = project(ask.camera, ask.width, ask.height, plot.columns.z !== null);
        const mask = new Bitmask(plot.columns.x.length);
        return told(ask.id, lassoRows(plot.columns, this.states(plot), projection, ask.polygon, mask));
      }
      case "column":
        this.columns.set(ask.column, { values: ask.values, valid: maskOf(ask.valid, ask.values.length) });
        return undefined;
      case "column-drop":
        this.columns.delete(ask.column);
        return undefined;
      case "range": {
        const column = this.columns.get(ask.column);
        if (!column) return { id: ask.id, error: `column ${ask.column} is not loaded` };
        const mask = rowsInRange(column.values, column.valid, ask.low, ask.high, new Bitmask(column.values.length));
        const within = maskOf(ask.within, column.values.length);
        return told(ask.id, within ? mask.and(within) : mask);
      }
      case "histogram": {
        const column = this.columns.get(ask.column);
        if (!column) return { id: ask.id, error: `column ${ask.column} is not loaded` };
        const found = countInBins(column.values, column.valid, maskOf(ask.mask, column.values.length), ask.edges);
        return { id: ask.id, counts: found.counts, nulls: found.nulls, nan: found.nan, outside: found.outside };
      }
    }
  }

  private change(id: number, part: Partial<Plot>): undefined {
    const plot = this.plots.get(id);
    if (plot) Object.assign(plot, part);
  }

  private states(plot: Plot): Uint8Array {
    plot.states ??= rowStates(plot.columns.x.length, plot.columns.valid, plot.shown, plot.selected);
    return plot.states;
  }

  private draw(ask: Extract<Ask, { ask: "draw" }>): Answer {
    const width = Math.max(1, Math.round(ask.width * ask.pixelRatio));
    const height = Math.max(1, Math.round(ask.height * ask.pixelRatio));
    const isFitting = ask.spare?.byteLength === width * height * 4;
    const buffer = isFitting && ask.spare ? ask.spare : new ArrayBuffer(width * height * 4);
    const pixels = new Uint32Array(buffer);
    const plot = this.plots.get(ask.plot);
    if (!plot) return { id: ask.id, pixels: buffer, width, height };
    const [red, green, blue] = plot.style.background;
    const background = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    const is3d = plot.columns.z !== null;
    const surface: Surface = { pixels, width, height, depth: is3d ? new Float32Array(width * height) : null };
    const projection = project(ask.camera ?? FIT, width, height, is3d);
    const hasSelection = plot.selected !== null && !plot.selected.isEmpty();
    const states = this.states(plot);
    if (plot.style.mode === "density") {
      drawDensity(surface, plot.columns, states, this.ramp, projection, hasSelection, background);
    } else {
      const diameter = plot.style.size * ask.pixelRatio;
      drawPoints(surface, plot.columns, states, plot, projection, diameter, hasSelection, background);
    }
    return { id: ask.id, pixels: buffer, width, height };
  }
}

const maskOf = (words: Words | null, length: number) => (words ? new Bitmask(length, words) : null);

const told = (id: number, mask: Bitmask): Answer => ({
  id,
  mask: mask.words,
  length: mask.length,
  count: mask.count(),
});
