/** Two to four runs sample by sample: which got better, which got worse, which all get wrong. */
import "./pages.css";
import { useQueries, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { CompareOrder, Comparison, Run } from "../api/contract";
import { compareOptions, runsOptions, scalarsOptions, tablesOptions } from "../api/queries";
import { setQuery, usePlace } from "../app/location";
import { to } from "../app/routes";
import { toText } from "../core/filter";
import { quoteName } from "../core/sql-text";
import { count, measured } from "../parts/amounts";
import { Link } from "../parts/link";
import { Answered, Empty } from "../parts/states";
import { labelColumn, mainTable } from "../workspace/columns";
import { ClassDeltas } from "./class-deltas";
import { DeltaChart } from "./delta-chart";
import { Learning } from "./learning";
import { PairChart } from "./pair-chart";

const Curves = lazy(() => import("../parts/curves").then(({ Curves: component }) => ({ default: component })));
const LISTED = 100;
/** So many samples are points of the charts. */
const DRAWN = 10_000;

export default function ComparePage() {
  const { query } = usePlace();
  const names = (query.get("runs") ?? "").split(",").filter(Boolean).slice(0, 4);
  const all = useQuery(runsOptions());
  if (names.length < 2) {
    return (
      <Empty title="Two runs are needed to compare">
        <Link href={to.runs()}>Pick them among the runs</Link>
      </Empty>
    );
  }
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>
          Compare <bdi>{names.join(", ")}</bdi>
        </h1>
      </div>
      <Answered asked={all} what="The runs">
        {(runs) => {
          const chosen = names.map((name) => runs.find((run) => run.name === name));
          const missing = names.filter((_, i) => !chosen[i]);
          if (missing.length > 0) return <Empty title={`There is no run ${missing.join(", ")}`} />;
          return <Compared runs={chosen.filter((run): run is Run => run !== undefined)} />;
        }}
      </Answered>
    </div>
  );
}

function Compared({ runs }: { runs: Run[] }) {
  const { query } = usePlace();
  const names = runs.map(({ name }) => name);
  const shared = runs[0].columns
    .map(({ name }) => name)
    .filter((name) => runs.every((run) => run.columns.some((column) => column.name === name)));
  const metrics = shared.filter((name) => !["sample", "epoch", "step", "predicted"].includes(name));
  const metric = query.get("metric") ?? (metrics.includes("loss") ? "loss" : (metrics[0] ?? "loss"));
  const asked = useQuery(compareOptions(names, metric, "sample", DRAWN));
  const curves = useQueries({ queries: names.map((name) => scalarsOptions(name)) });
  const curveData = names.map((run, i) => ({ run, curves: curves[i].data ?? [] }));
  return (
    <>
      <div className="row-line">
        <label className="row-line">
          Metric
          <select className="field" value={metric} onChange={(event) => setQuery({ metric: event.target.value }, true)}>
            {metrics.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <WorkspaceLinks runs={runs} />
      </div>
      <Answered asked={asked} what="The comparison">
        {(comparison) => (
          <>
            <Samples comparison={comparison} runs={runs} metric={metric} />
            {comparison.classes && <ClassDeltas classes={comparison.classes} first={names[0]} second={names[1]} />}
          </>
        )}
      </Answered>
      <Learning runs={runs} />
      {curveData.some((one) => one.curves.length > 0) && (
        <section className="card">
          <h2>Curves</h2>
          <div className="card-body">
            <Suspense fallback={null}>
              <Curves runs={curveData} />
            </Suspense>
          </div>
        </section>
      )}
    </>
  );
}

/** The same questions in the workspace, where rows are seen and edited. */
function WorkspaceLinks({ runs: [a, b] }: { runs: Run[] }) {
  const dataset = a.dataset ?? "";
  const tables = useQuery({ ...tablesOptions(dataset, "main", "compare"), enabled: dataset !== "" }).data;
  const table = tables?.find(({ name }) => name === a.table) ?? (tables && mainTable(tables));
  const label = table ? labelColumn(table)?.name : undefined;
  if (dataset === "") return null;
  const has = (name: string) => [a, b].every((run) => run.columns.some((column) => column.name === name));
  const column = (run: Run, name: string) => quoteName(`${run.name}.${name}`);
  const is = (run: Run, sign: "=" | "<>") =>
    `CAST(${quoteName(label ?? "")} AS VARCHAR) ${sign} CAST(${column(run, "predicted")} AS VARCHAR)`;
  const questions: [string, string][] = [];
  if (has("loss")) {
    questions.push(
      ["Got better", `${column(b, "loss")} < ${column(a, "loss")}`],
      ["Got worse", `${column(b, "loss")} > ${column(a, "loss")}`],
    );
  }
  if (has("predicted")) questions.push(["Disagree", `${column(a, "predicted")} <> ${column(b, "predicted")}`]);
  if (has("predicted") && label) {
    questions.push(
      ["Wrong, now right", `${is(a, "<>")} AND ${is(b, "=")}`],
      ["Right, now wrong", `${is(a, "=")} AND ${is(b, "<>")}`],
      ["Both wrong", `${is(a, "<>")} AND ${is(b, "<>")}`],
    );
  }
  const link = (sql: string) =>
    to.workspace(dataset, "main", { run: a.name, run2: b.name, q: toText([{ condition: { kind: "sql", sql } }]) });
  return (
    <nav className="row-line push" aria-label="In the workspace">
      {questions.map(([title, sql]) => (
        <Link key={title} className="button" href={link(sql)}>
          {title}
        </Link>
      ))}
    </nav>
  );
}

type Sort = "worse" | "better" | "worst";

function Samples({ comparison, runs, metric }: { comparison: Comparison; runs: Run[]; metric: string }) {
  const [a, b] = runs;
  const isLoss = /loss|error/i.test(metric);
  const [change] = comparison.changes;
  const pairs = comparison.rows.flatMap(({ values: [x, y] }): [number, number][] =>
    x === null || y === null ? [] : [[x, y]],
  );
  if (pairs.length === 0) return <Empty title={`No sample has ${metric} in all of the runs`} />;
  const [better, worse] = isLoss ? [change.lower, change.higher] : [change.higher, change.lower];
  const facts: [string, number | null | undefined][] = [
    ["Samples in all", comparison.in_all],
    ...comparison.runs.map((run, i): [string, number] => [`Only in ${run}`, comparison.only[i]]),
    [`${metric} better in ${b.name}`, better],
    [`${metric} worse in ${b.name}`, worse],
    ["Wrong, now right", change.better],
    ["Right, now wrong", change.worse],
    ["Both wrong", change.both_wrong],
  ];
  return (
    <>
      <dl className="row-line summary">
        {facts.map(
          ([name, value]) =>
            typeof value === "number" && (
              <div key={name}>
                <dt className="quiet">{name}</dt>
                <dd>{count(value)}</dd>
              </div>
            ),
        )}
      </dl>
      <div className="compare-charts">
        <PairChart points={pairs} across={a.name} up={b.name} metric={metric} />
        <DeltaChart deltas={pairs.map(([x, y]) => y - x)} title={`${metric}: ${b.name} − ${a.name}`} />
      </div>
      {comparison.total > comparison.rows.length && (
        <p className="quiet">
          The charts show the first {count(comparison.rows.length)} of {count(comparison.total)} samples.
        </p>
      )}
      <SampleList runs={runs} metric={metric} isLoss={isLoss} />
    </>
  );
}

function SampleList({ runs, metric, isLoss }: { runs: Run[]; metric: string; isLoss: boolean }) {
  const [a, b] = runs;
  const [sort, setSort] = useState<Sort>("worse");
  const orders: Record<Sort, CompareOrder> = isLoss
    ? { worse: "rise", better: "fall", worst: "high" }
    : { worse: "fall", better: "rise", worst: "low" };
  const names = runs.map(({ name }) => name);
  const asked = useQuery(compareOptions(names, metric, orders[sort], LISTED));
  return (
    <section className="card">
      <h2>Samples</h2>
      <div className="row-line card-body" role="toolbar" aria-label="Order of the samples">
        {(
          [
            ["worse", "Got worse most"],
            ["better", "Got better most"],
            ["worst", "Bad in all"],
          ] as const
        ).map(([kind, title]) => (
          <button
            key={kind}
            type="button"
            className="button"
            aria-pressed={sort === kind}
            onClick={() => setSort(kind)}
          >
            {title}
          </button>
        ))}
      </div>
      <Answered asked={asked} what="The samples">
        {({ rows, total }) => (
          <div className="table-wrap">
            <table className="list">
              <thead>
                <tr>
                  <th>Sample</th>
                  {names.map((name) => (
                    <th key={name} className="number">
                      {name}
                    </th>
                  ))}
                  <th className="number">
                    {b.name} − {a.name}
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.map(({ sample, values }) => (
                  <tr key={sample}>
                    <td>
                      <Link
                        className="mono"
                        href={to.workspace(a.dataset ?? "", "main", { run: a.name, run2: b.name, focus: sample })}
                      >
                        <bdi>{sample}</bdi>
                      </Link>
                    </td>
                    {values.map((value, i) => (
                      <td key={names[i]} className="number">
                        {value === null ? "" : measured(value)}
                      </td>
                    ))}
                    <td className="number">
                      {values[0] === null || values[1] === null ? "" : measured(values[1] - values[0])}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {total > rows.length && (
              <p className="card-body quiet">
                The first {rows.length} of {count(total)}; the workspace has all.
              </p>
            )}
          </div>
        )}
      </Answered>
    </section>
  );
}
