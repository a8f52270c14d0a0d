/** The scales of a flat plot, drawn over it. */
import { scaleLinear } from "d3-scale";
import type { Positions } from "../../core/column";
import { measured } from "../../parts/amounts";
import { fromScreen, type Projection, toScreen } from "../../render/camera";

export function Ticks({
  projection,
  x,
  y,
  width,
  height,
}: {
  projection: Projection;
  x: Positions;
  y: Positions;
  width: number;
  height: number;
}) {
  const [left, bottom] = fromScreen(projection, 0, height);
  const [right, top] = fromScreen(projection, width, 0);
  const value = (of: Positions, share: number) => of.min + share * (of.max - of.min);
  const share = (of: Positions, at: number) => (at - of.min) / (of.max - of.min || 1);
  const across = scaleLinear([value(x, left), value(x, right)], [0, width]).ticks(Math.max(2, Math.floor(width / 110)));
  const up = scaleLinear([value(y, bottom), value(y, top)], [height, 0]).ticks(Math.max(2, Math.floor(height / 70)));
  return (
    <svg className="plot-ticks" aria-hidden>
      {across.map((tick) => {
        const [at] = toScreen(projection, share(x, tick), 0);
        return (
          <g key={tick} transform={`translate(${at} ${height})`}>
            <line y1={-4} y2={0} />
            <text y={-7} textAnchor="middle">
              {measured(tick)}
            </text>
          </g>
        );
      })}
      {up.map((tick) => {
        const [, at] = toScreen(projection, 0, share(y, tick));
        return (
          <g key={tick} transform={`translate(0 ${at})`}>
            <line x1={0} x2={4} />
            <text x={7} dy="0.35em">
              {measured(tick)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
