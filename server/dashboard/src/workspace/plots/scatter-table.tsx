/** The scatter plot as a table: what can be read without seeing it. */
import { useMemo } from "react";
import type { Bitmask } from "../../core/bitmask";
import type { Positions } from "../../core/column";
import { summaryOf } from "../../core/plot-summary";
import { count, measured } from "../../parts/amounts";
import type { Scatter } from "../plot-spec";
import type { LegendData } from "./legend-data";

/** Lines of a table that anybody reads. */
const SHOWN = 300;

interface Props {
  plot: Scatter;
  axes: readonly Positions[];
  legend: LegendData;
  shown: Bitmask | null;
  selected: Bitmask | null;
}

export function ScatterTable({ plot, axes, legend, shown, selected }: Props) {
  const { colours, entries, ramp } = legend;
  const groups = useMemo(() => {
    const rows = axes[0].values.length;
    // Of a ramp the colours have no names: then all points are one group.
    const codes = colours && !ramp ? colours.codes : new Uint16Array(rows);
    return summaryOf(axes, codes, shown, selected?.length === rows ? selected : null);
  }, [axes, colours, ramp, shown, selected]);
  const names = [plot.x, plot.y, plot.z].filter((name) => name !== undefined);
  const byCode = useMemo(() => new Map(entries.map(({ code, name }) => [code, name])), [entries]);
  const lines = groups.length > SHOWN ? [...groups].sort((a, b) => b.points - a.points).slice(0, SHOWN) : groups;
  const nameOf = (code: number) => (ramp || entries.length === 0 ? "all points" : (byCode.get(code) ?? "null"));
  return (
    <div className="plot-scroll">
      <table className="list">
        <thead>
          <tr>
            <th>{ramp || !plot.colour ? "Points" : plot.colour}</th>
            <th className="number">Points</th>
            <th className="number">Selected</th>
            {names.map((name) => (
              <th key={name} className="number">
                {name}: least, mean, most
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((group) => (
            <tr key={group.code}>
              <td>
                <bdi>{nameOf(group.code)}</bdi>
              </td>
              <td className="number">{count(group.points)}</td>
              <td className="number">{count(group.selected)}</td>
              {group.axes.map(({ least, mean, most }, i) => (
                <td key={names[i]} className="number">
                  {measured(least)}, {measured(mean)}, {measured(most)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {lines.length < groups.length && (
        <p className="plot-words">
          The {count(lines.length)} classes of most points, of {count(groups.length)}; a filter brings the others.
        </p>
      )}
    </div>
  );
}
