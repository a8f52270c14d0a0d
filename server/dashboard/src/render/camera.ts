/**
 * Where a plot is seen from. Points live in the unit square or cube of their 16-bit positions.
 *
 * The projection is always a linear one (3D is orthographic): what a lasso on a turned plot means can
 * then be written as SQL on sums of columns.
 */

export interface Camera {
  /** Centre of the view, in the unit square or cube. */
  centre: [number, number, number];
  /** 1 fits the whole into the view. */
  zoom: number;
  /** Turn about the vertical axis and tilt, radians; both 0 in 2D. */
  turn: number;
  tilt: number;
}

export const FIT: Camera = { centre: [0.5, 0.5, 0.5], zoom: 1, turn: 0, tilt: 0 };
export const FIT_3D: Camera = { centre: [0.5, 0.5, 0.5], zoom: 0.75, turn: 0.6, tilt: 0.45 };

/** Screen x = row 0 · (x, y, z, 1), screen y = row 1, depth = row 2 (greater is nearer). Screen in pixels. */
export type Projection = Float64Array;

const MARGIN = 0.94;

export function project(camera: Camera, width: number, height: number, is3d: boolean): Projection {
  const scaleX = (is3d ? Math.min(width, height) : width) * MARGIN * camera.zoom;
  const scaleY = (is3d ? Math.min(width, height) : height) * MARGIN * camera.zoom;
  const [cosTurn, sinTurn] = [Math.cos(camera.turn), Math.sin(camera.turn)];
  const [cosTilt, sinTilt] = [Math.cos(camera.tilt), Math.sin(camera.tilt)];
  const right = [cosTurn, 0, sinTurn];
  const up = [sinTurn * sinTilt, cosTilt, -cosTurn * sinTilt];
  const near = [-sinTurn * cosTilt, sinTilt, cosTurn * cosTilt];
  const out = new Float64Array(12);
  const rows: [number[], number, number][] = [
    [right, scaleX, width / 2],
    [up, -scaleY, height / 2],
    [near, 1, 0],
  ];
  rows.forEach(([axis, scale, middle], row) => {
    let offset = middle;
    for (let i = 0; i < 3; i++) {
      out[row * 4 + i] = axis[i] * scale;
      offset -= axis[i] * scale * camera.centre[i];
    }
    out[row * 4 + 3] = offset;
  });
  return out;
}

export function toScreen(p: Projection, x: number, y: number, z = 0.5): [number, number] {
  return [p[0] * x + p[1] * y + p[2] * z + p[3], p[4] * x + p[5] * y + p[6] * z + p[7]];
}

/** The inverse in 2D. */
export function fromScreen(p: Projection, sx: number, sy: number): [number, number] {
  return [(sx - p[3]) / p[0], (sy - p[7]) / p[5]];
}

/** Moves the picture by (dx, dy) pixels. */
export function pan(camera: Camera, dx: number, dy: number, width: number, height: number, is3d: boolean): Camera {
  const p = project(camera, width, height, is3d);
  const centre = [...camera.centre] as [number, number, number];
  const lengthX = p[0] ** 2 + p[1] ** 2 + p[2] ** 2;
  const lengthY = p[4] ** 2 + p[5] ** 2 + p[6] ** 2;
  for (let i = 0; i < 3; i++) centre[i] -= (p[i] * dx) / lengthX + (p[4 + i] * dy) / lengthY;
  return { ...camera, centre };
}

/** Zooms by `factor` about a place of the screen, which stays where it is. */
export function zoomAt(
  camera: Camera,
  factor: number,
  sx: number,
  sy: number,
  width: number,
  height: number,
  is3d: boolean,
): Camera {
  const zoom = Math.min(5000, Math.max(0.2, camera.zoom * factor));
  const real = zoom / camera.zoom;
  const [dx, dy] = [(sx - width / 2) * (1 - real), (sy - height / 2) * (1 - real)];
  return pan({ ...camera, zoom }, dx, dy, width, height, is3d);
}

export function orbit(camera: Camera, dx: number, dy: number): Camera {
  const tilt = Math.min(Math.PI / 2, Math.max(-Math.PI / 2, camera.tilt + dy * 0.008));
  return { ...camera, turn: camera.turn + dx * 0.008, tilt };
}

/** A camera as six numbers, short enough for a link; undefined for the one that shows everything. */
export function cameraNumbers(camera: Camera, is3d: boolean): number[] | undefined {
  const whole = is3d ? FIT_3D : FIT;
  const numbers = ({ centre, zoom, turn, tilt }: Camera) =>
    [...centre, zoom, turn, tilt].map((value) => Number(value.toPrecision(5)));
  const own = numbers(camera);
  return numbers(whole).every((value, i) => value === own[i]) ? undefined : own;
}

export function cameraOf(numbers: readonly number[] | undefined, is3d: boolean): Camera {
  if (!numbers) return is3d ? FIT_3D : FIT;
  const [x, y, z, zoom, turn, tilt] = numbers;
  return { centre: [x, y, z], zoom, turn, tilt };
}
