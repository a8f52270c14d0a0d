/** A small chart for each scalar, all runs in it, cursors in step. */
import "uplot/dist/uPlot.min.css";
import { useEffect, useMemo, useRef } from "react";
import uPlot from "uplot";
import { categoryColour } from "../render/palette";
import { useTheme } from "../theme/theme";
import { measured } from "./amounts";

interface RunCurves {
  run: string;
  /** Points as (step, value); the value is null where it was no number. */
  curves: { name: string; points: (number | null)[][] }[];
}

export function Curves({ runs }: { runs: readonly RunCurves[] }) {
  const names = [...new Set(runs.flatMap(({ curves }) => curves.map(({ name }) => name)))];
  return (
    <div className="curves">
      {names.map((name) => (
        <figure key={name}>
          <figcaption>
            <bdi>{name}</bdi>
          </figcaption>
          <Chart name={name} runs={runs} />
        </figure>
      ))}
    </div>
  );
}

function Chart({ name, runs }: { name: string; runs: readonly RunCurves[] }) {
  const place = useRef<HTMLDivElement>(null);
  const { choice } = useTheme();
  const { data, last } = useMemo(() => {
    const series = runs.map(({ curves }) => curves.find((curve) => curve.name === name)?.points ?? []);
    const steps = [...new Set(series.flat().map(([step]) => step ?? 0))].sort((a, b) => a - b);
    const values = series.map((points) => {
      const at = new Map(points.map(([step, value]) => [step, value]));
      return steps.map((step) => at.get(step) ?? null);
    });
    return {
      data: [steps, ...values] as uPlot.AlignedData,
      // A step whose value was no number has null.
      last: series.map((points) => (points.length > 0 ? (points[points.length - 1][1] ?? Number.NaN) : undefined)),
    };
  }, [name, runs]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read anew with the theme
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const styles = getComputedStyle(element);
    const [line, text] = [styles.getPropertyValue("--line"), styles.getPropertyValue("--quiet")];
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const chart = new uPlot(
      {
        width: element.clientWidth || 320,
        height: 170,
        legend: { show: false },
        cursor: { sync: { key: "curves" } },
        scales: { x: { time: false } },
        axes: [axis, { ...axis, size: 56 }],
        series: [
          {},
          ...runs.map(({ run }, i) => ({
            label: run,
            stroke: categoryColour(i),
            width: 1.5,
            spanGaps: true,
            dash: i > 0 ? [4 + i * 2, 3] : undefined,
          })),
        ],
      },
      data,
      element,
    );
    const watch = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: 170 }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [data, runs, choice]);
  const words = runs
    .map(({ run }, i) => (last[i] === undefined ? `${run} has none` : `${run} ends at ${measured(last[i])}`))
    .join(", ");
  return (
    <>
      <div ref={place} className="curve" role="img" aria-label={`${name}: ${words}`} />
      <ul className="row-line curve-legend">
        {runs.map(({ run }, i) => (
          <li key={run} className="row-line">
            <span className="swatch" style={{ background: categoryColour(i) }} />
            <bdi>{run}</bdi>
            <span className="quiet">{last[i] === undefined ? "—" : measured(last[i])}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
