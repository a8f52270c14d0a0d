/** Points drawn by the compute worker and shown on a 2D canvas; one frame is under way at a time, the newest wins. */
import { Bitmask } from "../core/bitmask";
import type { Polygon } from "../core/polygon";
import type { ComputeClient } from "../worker/compute-client";
import { type Camera, FIT } from "./camera";
import type { PointColours, PointColumns, PointMasks, PointStyle, Renderer } from "./renderer";

let plots = 0;

export class CpuRenderer implements Renderer {
  readonly name = "cpu";
  private readonly canvas: HTMLCanvasElement;
  private readonly compute: ComputeClient;
  private readonly plot = ++plots;
  private camera: Camera = FIT;
  private width = 1;
  private height = 1;
  private pixelRatio = 1;
  private spare: ArrayBuffer | null = null;
  private isDrawing = false;
  private isStale = false;
  private isReady = false;
  private isDisposed = false;
  private settled: (() => void)[] = [];

  constructor(canvas: HTMLCanvasElement, compute: ComputeClient) {
    this.canvas = canvas;
    this.compute = compute;
  }

  setColumns({ x, y, z, valid }: PointColumns): void {
    this.compute.tell({ ask: "plot-columns", plot: this.plot, x, y, z, valid: valid?.words ?? null });
    this.isReady = true;
    this.redraw();
  }

  setColours({ codes, palette, sizes }: PointColours): void {
    this.compute.tell({ ask: "plot-colours", plot: this.plot, codes, palette, sizes });
    this.redraw();
  }

  setMasks({ shown, selected }: PointMasks): void {
    this.compute.tell({
      ask: "plot-masks",
      plot: this.plot,
      shown: shown?.words ?? null,
      selected: selected?.words ?? null,
    });
    this.redraw();
  }

  setStyle(style: PointStyle): void {
    this.compute.tell({ ask: "plot-style", plot: this.plot, style });
    this.redraw();
  }

  setCamera(camera: Camera, width: number, height: number, pixelRatio: number): void {
    Object.assign(this, { camera, width, height, pixelRatio });
    this.redraw();
  }

  pick(x: number, y: number, radius: number): Promise<number> {
    const { plot, camera, width, height } = this;
    return this.isReady ? this.compute.pick({ plot, camera, width, height, x, y, radius }) : Promise.resolve(-1);
  }

  lasso(polygon: Polygon): Promise<Bitmask> {
    const { plot, camera, width, height } = this;
    return this.isReady
      ? this.compute.lasso({ plot, camera, width, height, polygon })
      : Promise.resolve(new Bitmask(0));
  }

  async toPng(): Promise<Blob> {
    await this.drawn();
    return new Promise((resolve, reject) => {
      this.canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error("the canvas gave no picture"))),
        "image/png",
      );
    });
  }

  drawn(): Promise<void> {
    if (!this.isDrawing && !this.isStale) return Promise.resolve();
    return new Promise((resolve) => this.settled.push(resolve));
  }

  dispose(): void {
    this.isDisposed = true;
    this.compute.tell({ ask: "plot-drop", plot: this.plot });
    this.settle();
  }

  private redraw(): void {
    this.isStale = true;
    if (!this.isDrawing && this.isReady) void this.draw();
  }

  private async draw(): Promise<void> {
    this.isDrawing = true;
    // Everything that was set in this turn is drawn once.
    await Promise.resolve();
    while (this.isStale && !this.isDisposed) {
      this.isStale = false;
      const { plot, camera, width, height, pixelRatio, spare } = this;
      this.spare = null;
      try {
        const frame = await this.compute.draw({ plot, camera, width, height, pixelRatio, spare });
        if (!this.isDisposed) this.show(frame.pixels, frame.width, frame.height);
      } catch (error) {
        console.error(error);
        break;
      }
    }
    this.isDrawing = false;
    this.settle();
  }

  private show(pixels: ArrayBuffer, width: number, height: number): void {
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.canvas
      .getContext("2d", { alpha: false })
      ?.putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
    this.spare = pixels;
    this.canvas.dispatchEvent(new Event("drawn"));
  }

  private settle(): void {
    for (const resolve of this.settled.splice(0)) resolve();
  }
}
