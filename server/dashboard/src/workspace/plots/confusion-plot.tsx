/** Which class is taken for which: a click on a cell shows its rows. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { confusionOptions } from "../../api/queries";
import { count } from "../../parts/amounts";
import { Answered, Empty } from "../../parts/states";
import { classText } from "../columns";
import { addClause, useWorkspace } from "../context";
import { type Confused, mostConfused } from "./most-confused";
import { MissingColumn } from "./plot-panel";

const TOP = 12;

export function ConfusionPlot({ actual, predicted }: { actual: string; predicted: string }) {
  const { at, version, where, columns } = useWorkspace();
  const [hasAll, setAll] = useState(false);
  const [isShare, setShare] = useState(false);
  const missing = [actual, predicted].find((name) => !columns.some((column) => column.name === name));
  const asked = useQuery({
    ...confusionOptions(at, version, actual, predicted, where),
    enabled: missing === undefined,
  });
  if (missing) return <MissingColumn name={missing} />;
  return (
    <div className="plot plot-scroll">
      <Answered asked={asked} what="The confusion matrix">
        {(data) => {
          const many = data.actual.length > TOP;
          return (
            <>
              <div className="plot-bar">
                {many && (
                  <button type="button" className="button" aria-pressed={!hasAll} onClick={() => setAll(!hasAll)}>
                    {hasAll ? "Only the most confused" : `The ${TOP} most confused of ${data.actual.length}`}
                  </button>
                )}
                <button type="button" className="button" aria-pressed={isShare} onClick={() => setShare(!isShare)}>
                  Share of the row
                </button>
                <Differ actual={actual} predicted={predicted} />
              </div>
              <Matrix
                data={data}
                top={many && !hasAll ? TOP : data.actual.length}
                isShare={isShare}
                actual={actual}
                predicted={predicted}
              />
            </>
          );
        }}
      </Answered>
    </div>
  );
}

function Differ({ actual, predicted }: { actual: string; predicted: string }) {
  const { filter } = useWorkspace();
  return (
    <button
      type="button"
      className="button push"
      onClick={() => addClause(filter, { condition: { kind: "differ", columns: [actual, predicted] } })}
    >
      All mistakes
    </button>
  );
}

interface MatrixProps {
  data: Confused;
  top: number;
  isShare: boolean;
  actual: string;
  predicted: string;
}

function Matrix({ data, top, isShare, actual, predicted }: MatrixProps) {
  const { filter, columns } = useWorkspace();
  const column = columns.find(({ name }) => name === actual);
  const { classes, counts, rows } = useMemo(() => mostConfused(data, top), [data, top]);
  const wrongMost = Math.max(1, ...counts.flatMap((line, i) => line.filter((_, j) => i !== j)));
  if (classes.length === 0 || !column) return <Empty title="No row has both a class and a prediction" />;
  const name = (value: string) => classText(column, value);
  return (
    <div className="confusion">
      <table aria-label={`${actual} down, ${predicted} across`}>
        <thead>
          <tr>
            <td className="quiet">
              {actual} ↓ {predicted} →
            </td>
            {classes.map((value) => (
              <th key={value} scope="col">
                <bdi>{name(value)}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map((value, i) => (
            <tr key={value}>
              <th scope="row">
                <bdi>{name(value)}</bdi>
              </th>
              {counts[i].map((amount, j) => {
                const share = rows[i] > 0 ? amount / rows[i] : 0;
                const isRight = i === j;
                const strength = isRight ? share : Math.log1p(amount) / Math.log1p(wrongMost);
                const words = `${count(amount)} ${name(value)} ${isRight ? "right" : `taken for ${name(classes[j])}`}, ${(share * 100).toFixed(1)} % of ${count(rows[i])}`;
                return (
                  <td key={classes[j]}>
                    <button
                      type="button"
                      className={isRight ? "cell is-right" : "cell is-wrong"}
                      style={{ "--strength": `${Math.round(strength * 60)}%` } as React.CSSProperties}
                      title={words}
                      aria-label={words}
                      disabled={amount === 0}
                      onClick={() =>
                        addClause(filter, {
                          condition: { kind: "cell", actual, predicted, values: [value, classes[j]] },
                        })
                      }
                    >
                      {isShare ? `${Math.round(share * 100)}` : amount === 0 ? "" : count(amount)}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
