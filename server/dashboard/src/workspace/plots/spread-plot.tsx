/** The quartiles of a column for each class. */
import { useQuery } from "@tanstack/react-query";
import { scaleLinear } from "d3-scale";
import { quantilesOptions } from "../../api/queries";
import { count, measured } from "../../parts/amounts";
import { LongList } from "../../parts/long-list";
import { Answered } from "../../parts/states";
import { classText } from "../columns";
import { addClause, useWorkspace } from "../context";
import { MissingColumn } from "./missing-column";

const LINE_PX = 26;

export default function SpreadPlot({ column, by }: { column: string; by: string }) {
  const { at, version, where, filter, columns } = useWorkspace();
  const group = columns.find(({ name }) => name === by);
  const asked = useQuery({ ...quantilesOptions(at, version, column, by, where), enabled: group !== undefined });
  if (!group) return <MissingColumn name={by} />;
  return (
    <div className="plot plot-list">
      <Answered asked={asked} what={column}>
        {({ quantiles }) => {
          const known = quantiles.filter(({ values }) => values.every((value) => value !== null));
          const all = known.flatMap(({ values }) => values as number[]);
          const [least, most] = all.reduce(
            ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
            [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
          );
          const x = scaleLinear([least, most], [0, 100]);
          return (
            <LongList
              items={known}
              itemHeight={LINE_PX}
              keyOf={({ group: value }) => (value === null || value === undefined ? "\0null" : String(value))}
              className="bars"
              label={`Quartiles of ${column} by ${by}`}
            >
              {({ group: value, values, count: rows }) => {
                const [least, low, middle, high, most] = values as number[];
                const text = value === null || value === undefined ? null : String(value);
                const words = `least ${measured(least)}, quartiles ${measured(low)}, ${measured(middle)}, ${measured(high)}, most ${measured(most)}; ${count(rows)} rows`;
                return (
                  <button
                    type="button"
                    className="bar-line"
                    title={words}
                    onClick={() => addClause(filter, { condition: { kind: "in", column: by, values: [text] } })}
                  >
                    <bdi className="bar-name">{classText(group, value ?? null)}</bdi>
                    <span className="bar-track spread">
                      <span className="spread-line" style={{ left: `${x(least)}%`, width: `${x(most) - x(least)}%` }} />
                      <span
                        className="spread-box"
                        style={{ left: `${x(low)}%`, width: `${Math.max(0.5, x(high) - x(low))}%` }}
                      />
                      <span className="spread-middle" style={{ left: `${x(middle)}%` }} />
                    </span>
                    <span className="number">{measured(middle)}</span>
                    <span className="unseen">{words}</span>
                  </button>
                );
              }}
            </LongList>
          );
        }}
      </Answered>
    </div>
  );
}
