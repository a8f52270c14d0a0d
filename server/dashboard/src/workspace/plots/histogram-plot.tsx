/** One column's histogram, large; a click on a bar filters to it. */
import { useQuery } from "@tanstack/react-query";
import { scaleLinear } from "d3-scale";
import { histogramOptions } from "../../api/queries";
import { count, measured } from "../../parts/amounts";
import { SaveChart } from "../../parts/save-chart";
import { Answered } from "../../parts/states";
import { isTime } from "../columns";
import { addClause, useWorkspace } from "../context";
import { MissingColumn } from "./missing-column";
import { useBox } from "./use-box";

const EDGE = { left: 48, right: 12, top: 10, bottom: 26 };

export function HistogramPlot({ column: name }: { column: string }) {
  const { at, version, where, filter, columns } = useWorkspace();
  const column = columns.find((one) => one.name === name);
  const asked = useQuery({ ...histogramOptions(at, version, name, where, 60), enabled: column !== undefined });
  const [frame, { width, height }] = useBox();
  if (!column) return <MissingColumn name={name} />;
  const isWhen = isTime(column);
  const show = (value: number) => (isWhen ? new Date(value).toISOString().slice(0, 10) : measured(value));
  return (
    <div className="plot">
      <div ref={frame} className="plot-frame">
        <Answered asked={asked} what={name}>
          {({ edges, counts, nulls, nan, total }) => {
            const most = Math.max(1, ...counts);
            const x = scaleLinear(
              [edges[0] ?? 0, edges[edges.length - 1] ?? 1],
              [EDGE.left, Math.max(EDGE.left + 1, width - EDGE.right)],
            );
            const y = scaleLinear([0, most], [height - EDGE.bottom, EDGE.top]);
            return (
              <>
                <svg
                  className="chart"
                  width={width}
                  height={height}
                  role="img"
                  aria-label={`Histogram of ${name}: ${count(total)} rows, most ${count(most)} in a bin`}
                >
                  {y.ticks(4).map((tick) => (
                    <g key={tick} transform={`translate(0 ${y(tick)})`}>
                      <line x1={EDGE.left} x2={width - EDGE.right} className="grid-line" />
                      <text x={EDGE.left - 6} dy="0.35em" textAnchor="end">
                        {count(tick)}
                      </text>
                    </g>
                  ))}
                  {counts.map((amount, i) => (
                    // biome-ignore lint/a11y/noStaticElementInteractions: the facet's fields do the same by key
                    <rect
                      key={i}
                      className="chart-bar"
                      x={x(edges[i])}
                      width={Math.max(1, x(edges[i + 1]) - x(edges[i]) - 1)}
                      y={y(amount)}
                      height={Math.max(0, height - EDGE.bottom - y(amount))}
                      onClick={() =>
                        addClause(filter, {
                          condition: {
                            kind: "range",
                            column: name,
                            low: edges[i],
                            high: edges[i + 1],
                            ...(isWhen ? { is: "time" as const } : {}),
                          },
                        })
                      }
                    >
                      <title>{`${show(edges[i])} – ${show(edges[i + 1])}: ${count(amount)}`}</title>
                    </rect>
                  ))}
                  {x.ticks(Math.max(2, Math.floor(width / 100))).map((tick) => (
                    <text key={tick} x={x(tick)} y={height - 8} textAnchor="middle">
                      {show(tick)}
                    </text>
                  ))}
                </svg>
                <SaveChart name={name} />
                <p className="plot-words inside">
                  {count(total)} rows{nulls > 0 ? `, ${count(nulls)} null` : ""}
                  {nan > 0 ? `, ${count(nan)} NaN` : ""}
                </p>
              </>
            );
          }}
        </Answered>
      </div>
    </div>
  );
}
