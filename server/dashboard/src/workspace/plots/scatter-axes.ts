/** What the two axes of the screen are, as columns of the data: so that a shape drawn there can be asked as SQL. */
import type { Positions } from "../../core/column";
import type { Axis } from "../../core/filter";
import { type Camera, project } from "../../render/camera";
import type { Scatter } from "../plot-spec";

/** The axes of the screen as columns of the data, and the way from a place of the screen to them. */
export function axesOf(
  plot: Scatter,
  x: Positions,
  y: Positions,
  z: Positions | null,
  camera: Camera,
  { width, height }: { width: number; height: number },
): [Axis, Axis, (sx: number, sy: number) => [number, number]] {
  const p = project(camera, width, height, z !== null);
  const span = (of: Positions) => of.max - of.min || 1;
  if (z === null || plot.z === undefined) {
    return [
      plot.x,
      plot.y,
      (sx, sy) => [((sx - p[3]) / p[0]) * span(x) + x.min, ((sy - p[7]) / p[5]) * span(y) + y.min],
    ];
  }
  const columns: [string, Positions][] = [
    [plot.x, x],
    [plot.y, y],
    [plot.z, z],
  ];
  // Screen = sum of weight · column + rest, since a position is (value − min) / span.
  const axis = (row: number): [Axis, number] => {
    let rest = p[row * 4 + 3];
    const terms = columns.map(([name, of], i): [string, number] => {
      const weight = p[row * 4 + i] / span(of);
      rest -= weight * of.min;
      return [name, Number(weight.toPrecision(9))];
    });
    return [{ terms }, rest];
  };
  const [axisX, restX] = axis(0);
  const [axisY, restY] = axis(1);
  return [axisX, axisY, (sx, sy) => [sx - restX, sy - restY]];
}
