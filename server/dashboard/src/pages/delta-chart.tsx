/** How much a metric changed: a histogram about zero. */
import { scaleLinear } from "d3-scale";
import { useMemo } from "react";
import { countInBins, equalEdges } from "../core/histogram";
import { count, measured } from "../parts/amounts";

const WIDTH = 420;
const HEIGHT = 320;
const FOOT = 24;

export function DeltaChart({ deltas, title }: { deltas: number[]; title: string }) {
  const { edges, counts } = useMemo(() => {
    let reach = 0;
    for (const delta of deltas) reach = Math.max(reach, Math.abs(delta));
    return countInBins(Float64Array.from(deltas), null, null, equalEdges(-(reach || 1), reach || 1, 41));
  }, [deltas]);
  const x = scaleLinear([edges[0], edges[edges.length - 1]], [0, WIDTH]);
  const most = Math.max(1, ...counts);
  const height = (amount: number) =>
    amount === 0 ? 0 : Math.max(1, (Math.sqrt(amount) / Math.sqrt(most)) * (HEIGHT - FOOT - 4));
  return (
    <figure className="card card-body">
      <figcaption>{title}</figcaption>
      <svg
        className="chart"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title}: ${count(deltas.length)} samples, from ${measured(edges[0])} to ${measured(edges[edges.length - 1])}`}
      >
        {Array.from(counts, (amount, i) => (
          <rect
            key={edges[i]}
            className={edges[i] + edges[i + 1] > 0 ? "delta-up" : "delta-down"}
            x={x(edges[i])}
            width={x(edges[i + 1]) - x(edges[i]) - 1}
            y={HEIGHT - FOOT - height(amount)}
            height={height(amount)}
          >
            <title>{`${measured(edges[i])} – ${measured(edges[i + 1])}: ${count(amount)}`}</title>
          </rect>
        ))}
        <line className="grid-line" x1={x(0)} x2={x(0)} y1={0} y2={HEIGHT - FOOT} />
        {x.ticks(5).map((tick) => (
          <text key={tick} x={x(tick)} y={HEIGHT - 8} textAnchor="middle">
            {measured(tick)}
          </text>
        ))}
      </svg>
    </figure>
  );
}
