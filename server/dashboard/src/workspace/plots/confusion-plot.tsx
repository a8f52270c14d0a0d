/** Which class is taken for which: a click on a cell shows its rows. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { TableColumn } from "../../api/contract";
import { isStatus } from "../../api/problem";
import { confusionOptions } from "../../api/queries";
import { classesOf, isMistake, matrixOf, type Pair, pairsOfColumns, pairsOfCounts } from "../../core/confusion";
import { count, counted } from "../../parts/amounts";
import { LongList } from "../../parts/long-list";
import { Empty, Failure, Loading } from "../../parts/states";
import { classText } from "../columns";
import { addClause, useWorkspace } from "../context";
import { useFilterMask, useWholeColumn } from "../whole-columns";
import { MissingColumn } from "./missing-column";

/** How many classes a matrix may have: more cells than of the last are seen by nobody. */
const SIDES = [12, 30, 60] as const;

interface Props {
  actual: string;
  predicted: string;
}

export default function ConfusionPlot({ actual, predicted }: Props) {
  const { columns } = useWorkspace();
  const missing = [actual, predicted].find((name) => !columns.some((column) => column.name === name));
  if (missing) return <MissingColumn name={missing} />;
  return <Counted actual={actual} predicted={predicted} />;
}

function Counted({ actual, predicted }: Props) {
  const { columns } = useWorkspace();
  const { pairs, error, retry } = usePairs(actual, predicted);
  const column = columns.find(({ name }) => name === actual);
  if (error) return <Failure error={error} what="The confusion matrix" onRetry={retry} />;
  if (!pairs || !column) return <Loading what="the confusion matrix" />;
  return <Shown pairs={pairs} column={column} actual={actual} predicted={predicted} />;
}

/** Of more classes than the service has in a matrix, the page counts the pairs itself. */
function usePairs(actual: string, predicted: string) {
  const { at, version, where } = useWorkspace();
  const asked = useQuery(confusionOptions(at, version, actual, predicted, where));
  const isOwn = isRefusal(asked.error);
  const [a, p] = [useWholeColumn(isOwn ? actual : undefined), useWholeColumn(isOwn ? predicted : undefined)];
  const mask = useFilterMask();
  const pairs = useMemo(() => {
    if (!isOwn) return asked.data ? pairsOfCounts(asked.data) : null;
    if (!a.data || !p.data || (where !== undefined && !mask.data)) return null;
    return pairsOfColumns(a.data, p.data, where === undefined ? null : (mask.data ?? null));
  }, [isOwn, asked.data, a.data, p.data, mask.data, where]);
  const failed = isOwn ? [a, p, mask].find(({ error }) => error) : asked;
  return { pairs, error: failed?.error ?? null, retry: () => void failed?.refetch() };
}

const isRefusal = (error: unknown) => isStatus(error, 400) || isStatus(error, 422);

function Shown({ pairs, column, actual, predicted }: Props & { pairs: readonly Pair[]; column: TableColumn }) {
  const { filter } = useWorkspace();
  const [side, setSide] = useState<number>(SIDES[0]);
  const [isShare, setShare] = useState(false);
  const [isList, setList] = useState(false);
  const all = useMemo(() => classesOf(pairs), [pairs]);
  if (all.length === 0) return <Empty title="No row has both a class and a prediction" />;
  const sides = SIDES.filter((_, i) => i === 0 || SIDES[i - 1] < all.length);
  return (
    <div className={isList ? "plot" : "plot plot-scroll"}>
      <div className="plot-bar">
        {all.length > SIDES[0] && !isList && (
          <select
            className="field"
            aria-label="Classes of the matrix"
            value={side}
            onChange={(event) => setSide(Number(event.target.value))}
          >
            {sides.map((one) => (
              <option key={one} value={one}>
                {one >= all.length ? `all ${count(all.length)}` : `the ${one} most confused of ${count(all.length)}`}
              </option>
            ))}
          </select>
        )}
        <button type="button" className="button" aria-pressed={isList} onClick={() => setList(!isList)}>
          As a list
        </button>
        {!isList && (
          <button type="button" className="button" aria-pressed={isShare} onClick={() => setShare(!isShare)}>
            Share of the row
          </button>
        )}
        <button
          type="button"
          className="button push"
          onClick={() => addClause(filter, { condition: { kind: "differ", columns: [actual, predicted] } })}
        >
          All mistakes
        </button>
      </div>
      {isList ? (
        <Mistakes pairs={pairs} column={column} actual={actual} predicted={predicted} />
      ) : (
        <>
          {side < all.length && (
            <p className="plot-words">
              {count(side)} of {count(all.length)} classes, the most confused; the list has every mistake
            </p>
          )}
          <Square
            pairs={pairs}
            classes={all.slice(0, side)}
            column={column}
            isShare={isShare}
            actual={actual}
            predicted={predicted}
          />
        </>
      )}
    </div>
  );
}

const LINE_PX = 28;

/** Every pair of classes that is ever mistaken. */
function Mistakes({ pairs, column, actual, predicted }: Props & { pairs: readonly Pair[]; column: TableColumn }) {
  const { filter } = useWorkspace();
  const mistakes = useMemo(() => pairs.filter(isMistake).sort((a, b) => b.count - a.count), [pairs]);
  const name = (value: string | null) => classText(column, value);
  return (
    <>
      <p className="plot-words">{counted(mistakes.length, "pair")} of classes, the most often mistaken first</p>
      <LongList
        items={mistakes}
        itemHeight={LINE_PX}
        keyOf={(pair) => `${pair.actual}\n${pair.predicted}`}
        className="bars"
        label={`Mistakes of ${predicted}`}
      >
        {(pair) => (
          <button
            type="button"
            className="bar-line is-pair"
            onClick={() =>
              addClause(filter, {
                condition: { kind: "cell", actual, predicted, values: [pair.actual, pair.predicted ?? ""] },
              })
            }
          >
            <span className="bar-name">
              <bdi>{name(pair.actual)}</bdi> <span className="quiet">taken for</span> <bdi>{name(pair.predicted)}</bdi>
            </span>
            <span className="number">{count(pair.count)}</span>
          </button>
        )}
      </LongList>
    </>
  );
}

interface SquareProps extends Props {
  pairs: readonly Pair[];
  classes: readonly string[];
  column: TableColumn;
  isShare: boolean;
}

function Square({ pairs, classes: kept, column, isShare, actual, predicted }: SquareProps) {
  const { filter } = useWorkspace();
  const { classes, counts, rows } = useMemo(() => matrixOf(pairs, kept), [pairs, kept]);
  const wrongMost = counts.reduce(
    (most, line, i) => line.reduce((found, amount, j) => (i === j ? found : Math.max(found, amount)), most),
    1,
  );
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
