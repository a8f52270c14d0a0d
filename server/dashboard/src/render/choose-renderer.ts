/** Which back end draws: WebGL2 on a graphics card, the worker's raster where WebGL is software or missing. */
import type { ComputeClient } from "../worker/compute-client";
import { CpuRenderer } from "./cpu-renderer";
import type { PointStyle, Renderer } from "./renderer";
import { WebGlRenderer } from "./webgl-renderer";

const SOFTWARE = /SwiftShader|llvmpipe|Basic Render|softpipe|software/i;

export type RendererChoice = "auto" | "cpu" | "webgl";

/** The name of the graphics card, or null where WebGL2 is missing. */
export function graphicsCard(): string | null {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (!gl) return null;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : String(gl.getParameter(gl.RENDERER));
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return name;
}

let usesCard: boolean | null = null;

export function makeRenderer(
  canvas: HTMLCanvasElement,
  compute: ComputeClient,
  choice: RendererChoice,
  mode: PointStyle["mode"],
): Renderer {
  if (usesCard === null) {
    const card = graphicsCard();
    usesCard = card !== null && !SOFTWARE.test(card);
  }
  // Density counts points by pixel, which the raster does exactly.
  if (choice === "cpu" || mode === "density" || (choice === "auto" && !usesCard))
    return new CpuRenderer(canvas, compute);
  try {
    return new WebGlRenderer(canvas, compute);
  } catch (error) {
    console.warn("WebGL2 failed, drawing without it", error);
    return new CpuRenderer(canvas, compute);
  }
}
