/** A metric of one run against that of another, a point for each sample; on the diagonal nothing changed. */
import { useEffect, useRef } from "react";
import { count, measured } from "../parts/amounts";
import { FIT, project } from "../render/camera";
import { CpuRenderer } from "../render/cpu-renderer";
import { packed } from "../render/palette";
import { compute } from "../worker/compute-client";
import { usePlotGround } from "../workspace/plots/plot-ground";

const SIDE = 320;

interface Props {
  points: [number, number][];
  across: string;
  up: string;
  metric: string;
}

export function PairChart({ points, across, up, metric }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const ground = usePlotGround();
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const pair of points) for (const value of pair) [min, max] = [Math.min(min, value), Math.max(max, value)];
  useEffect(() => {
    if (!canvas.current) return;
    const scale = 65535 / (max - min || 1);
    const renderer = new CpuRenderer(canvas.current, compute());
    renderer.setColumns({
      x: Uint16Array.from(points, ([x]) => (x - min) * scale),
      y: Uint16Array.from(points, ([, y]) => (y - min) * scale),
      z: null,
      valid: null,
    });
    renderer.setColours({
      codes: Uint16Array.from(points, ([x, y]) => (y > x ? 0 : y < x ? 1 : 2)),
      palette: packed(["#e15759", "#3fb68b", "#808891", "#808891"]),
      sizes: null,
    });
    renderer.setStyle({ size: points.length > 20_000 ? 2 : 4, mode: "points", ...ground });
    renderer.setCamera(FIT, SIDE, SIDE, Math.min(2, window.devicePixelRatio || 1));
    return () => renderer.dispose();
  }, [points, min, max, ground]);
  const p = project(FIT, SIDE, SIDE, false);
  return (
    <figure className="card card-body">
      <figcaption>
        {metric}: {across} → , {up} ↑ ; {count(points.length)} samples from {measured(min)} to {measured(max)}
      </figcaption>
      <div
        className="pair-chart"
        role="img"
        aria-label={`${metric} of ${up} against ${across}; above the diagonal it is higher in ${up}. The samples are in the table below.`}
      >
        <canvas ref={canvas} style={{ width: SIDE, height: SIDE }} />
        <svg width={SIDE} height={SIDE} aria-hidden>
          <line className="grid-line" x1={p[3]} y1={p[7]} x2={p[0] + p[3]} y2={p[5] + p[7]} />
        </svg>
      </div>
    </figure>
  );
}
