/** Points drawn by WebGL2. Which row is where (pick, lasso) is asked of the worker, as for the other back end. */
import type { Bitmask } from "../core/bitmask";
import type { Polygon } from "../core/polygon";
import type { ComputeClient } from "../worker/compute-client";
import { type Camera, FIT, project } from "./camera";
import { CpuRenderer } from "./cpu-renderer";
import { rowStates } from "./raster";
import type { PointColours, PointColumns, PointMasks, PointStyle, Renderer } from "./renderer";

const VERTEX = `#version 300 es
in float x; in float y; in float z; in float code; in float state; in float big;
uniform vec4 row0; uniform vec4 row1; uniform vec4 row2; uniform vec2 view; uniform float size;
uniform float pass; uniform float dims; uniform sampler2D palette; uniform float last; uniform vec3 ground;
out vec3 colour;
void main() {
  vec4 place = vec4(x, y, z, 1.0);
  vec2 pixel = vec2(dot(row0, place), dot(row1, place));
  bool wanted = pass < 0.5 ? state > 0.5 : pass < 1.5 ? (state > 0.5 && state < 1.5) : state > 1.5;
  float depth = clamp(0.5 - dot(row2, place) * 0.25, 0.0, 1.0);
  gl_Position = wanted ? vec4(pixel.x / view.x * 2.0 - 1.0, 1.0 - pixel.y / view.y * 2.0, depth * 2.0 - 1.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size * (big < 0.0 ? 1.0 : 0.4 + big * 2.6);
  int entry = int(min(code, last));
  vec3 own = texelFetch(palette, ivec2(entry & 255, entry >> 8), 0).rgb;
  float grey = (own.r + own.g + own.b) / 3.0;
  colour = dims > 0.5 ? mix(ground, mix(own, vec3(grey), 0.7), 0.25) : own;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
in vec3 colour; uniform float size; out vec4 pixel;
void main() {
  if (size > 2.5 && length(gl_PointCoord - 0.5) > 0.5) discard;
  pixel = vec4(colour, 1.0);
}`;

const ATTRIBUTES = ["x", "y", "z", "code", "state", "big"] as const;
type Attribute = (typeof ATTRIBUTES)[number];

export class WebGlRenderer implements Renderer {
  readonly name = "webgl";
  private readonly canvas: HTMLCanvasElement;
  private readonly gl: WebGL2RenderingContext;
  private readonly program: WebGLProgram;
  private readonly buffers: Record<Attribute, WebGLBuffer>;
  private readonly texture: WebGLTexture;
  /** Answers for places; its own canvas is never shown. */
  private readonly places: CpuRenderer;
  private columns: PointColumns | null = null;
  private masks: PointMasks = { shown: null, selected: null };
  private style: PointStyle = { size: 3, mode: "points", background: [16, 20, 26], foreground: [255, 255, 255] };
  private last = 0;
  private hasSizes = false;
  private camera: Camera = FIT;
  private width = 1;
  private height = 1;
  private pixelRatio = 1;
  private frame = 0;

  constructor(canvas: HTMLCanvasElement, compute: ComputeClient) {
    // With alpha, blending washes to white on a light page.
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error("WebGL2 is not available");
    this.canvas = canvas;
    this.gl = gl;
    this.program = link(gl);
    this.buffers = Object.fromEntries(ATTRIBUTES.map((name) => [name, gl.createBuffer()])) as Record<
      Attribute,
      WebGLBuffer
    >;
    this.texture = gl.createTexture();
    this.places = new CpuRenderer(document.createElement("canvas"), compute);
  }

  setColumns(columns: PointColumns): void {
    this.columns = columns;
    this.places.setColumns(columns);
    this.upload("x", columns.x, this.gl.UNSIGNED_SHORT, true);
    this.upload("y", columns.y, this.gl.UNSIGNED_SHORT, true);
    if (columns.z) this.upload("z", columns.z, this.gl.UNSIGNED_SHORT, true);
    this.upload("code", new Uint16Array(columns.x.length), this.gl.UNSIGNED_SHORT, false);
    this.setMasks(this.masks);
  }

  setColours({ codes, palette, sizes }: PointColours): void {
    const { gl } = this;
    this.upload("code", codes, gl.UNSIGNED_SHORT, false);
    this.hasSizes = sizes !== null;
    if (sizes) this.upload("big", sizes, gl.UNSIGNED_BYTE, true);
    this.last = palette.length - 1;
    const lines = Math.max(1, Math.ceil(palette.length / 256));
    const texels = new Uint8Array(lines * 1024);
    texels.set(new Uint8Array(palette.buffer, palette.byteOffset, palette.byteLength));
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, lines, 0, gl.RGBA, gl.UNSIGNED_BYTE, texels);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.redraw();
  }

  setMasks(masks: PointMasks): void {
    this.masks = masks;
    this.places.setMasks(masks);
    if (!this.columns) return;
    const { x, valid } = this.columns;
    const fits = (mask: Bitmask | null) => (mask && mask.length === x.length ? mask : null);
    this.upload(
      "state",
      rowStates(x.length, valid, fits(masks.shown), fits(masks.selected)),
      this.gl.UNSIGNED_BYTE,
      false,
    );
    this.redraw();
  }

  setStyle(style: PointStyle): void {
    this.style = style;
    this.redraw();
  }

  setCamera(camera: Camera, width: number, height: number, pixelRatio: number): void {
    Object.assign(this, { camera, width, height, pixelRatio });
    this.places.setCamera(camera, width, height, 0.01);
    this.redraw();
  }

  pick(x: number, y: number, radius: number): Promise<number> {
    return this.places.pick(x, y, radius);
  }

  lasso(polygon: Polygon): Promise<Bitmask> {
    return this.places.lasso(polygon);
  }

  toPng(): Promise<Blob> {
    this.draw();
    return new Promise((resolve, reject) => {
      this.canvas.toBlob(
        (blob) => (blob ? resolve(blob) : reject(new Error("the canvas gave no picture"))),
        "image/png",
      );
    });
  }

  drawn(): Promise<void> {
    if (this.frame === 0) return Promise.resolve();
    return new Promise((resolve) => requestAnimationFrame(() => resolve()));
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.places.dispose();
    for (const buffer of Object.values(this.buffers)) this.gl.deleteBuffer(buffer);
    this.gl.deleteTexture(this.texture);
    this.gl.deleteProgram(this.program);
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  private upload(name: Attribute, values: Uint16Array | Uint8Array, type: number, isShare: boolean): void {
    const { gl } = this;
    const at = gl.getAttribLocation(this.program, name);
    if (at < 0) return;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 1, type, isShare, 0, 0);
  }

  private redraw(): void {
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.frame = 0;
    const { gl, program, columns, style, pixelRatio } = this;
    const [width, height] = [Math.round(this.width * pixelRatio), Math.round(this.height * pixelRatio)];
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    gl.viewport(0, 0, width, height);
    const ground = style.background.map((part) => part / 255);
    gl.clearColor(ground[0], ground[1], ground[2], 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (!columns || columns.x.length === 0) return;
    const is3d = columns.z !== null;
    if (is3d) gl.enable(gl.DEPTH_TEST);
    else gl.disable(gl.DEPTH_TEST);
    const p = project(this.camera, this.width, this.height, is3d);
    // biome-ignore lint/correctness/useHookAtTopLevel: a call of WebGL, not a hook
    gl.useProgram(program);
    const at = (name: string) => gl.getUniformLocation(program, name);
    for (const row of [0, 1, 2])
      gl.uniform4f(at(`row${row}`), p[row * 4], p[row * 4 + 1], p[row * 4 + 2], p[row * 4 + 3]);
    gl.uniform2f(at("view"), this.width, this.height);
    gl.uniform1f(at("last"), this.last);
    gl.uniform3f(at("ground"), ground[0], ground[1], ground[2]);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    if (!is3d) {
      const z = gl.getAttribLocation(program, "z");
      gl.disableVertexAttribArray(z);
      gl.vertexAttrib1f(z, 0.5);
    }
    if (!this.hasSizes) {
      const big = gl.getAttribLocation(program, "big");
      gl.disableVertexAttribArray(big);
      gl.vertexAttrib1f(big, -1);
    }
    const hasSelection = this.masks.selected !== null && !this.masks.selected.isEmpty();
    const passes = hasSelection ? [1, 2] : [0];
    for (const pass of passes) {
      gl.uniform1f(at("pass"), pass);
      gl.uniform1f(at("dims"), pass === 1 ? 1 : 0);
      gl.uniform1f(at("size"), (style.size + (pass === 2 ? 1 : 0)) * pixelRatio);
      if (pass === 2) gl.clear(gl.DEPTH_BUFFER_BIT);
      gl.drawArrays(gl.POINTS, 0, columns.x.length);
    }
    this.canvas.dispatchEvent(new Event("drawn"));
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) throw new Error("no shader can be made");
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS))
      throw new Error(gl.getShaderInfoLog(shader) ?? "a shader does not compile");
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(gl.getProgramInfoLog(program) ?? "the shaders do not link");
  return program;
}
