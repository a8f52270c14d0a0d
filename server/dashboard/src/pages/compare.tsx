/** Two to four runs sample by sample: which got better, which got worse, which all get wrong. */
import "./pages.css";
import { useQueries, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Comparison, Run } from "../api/contract";
import { compareOptions, runsOptions, scalarsOptions } from "../api/queries";
import { setQuery, usePlace } from "../app/location";
import { to } from "../app/routes";
import { toText } from "../core/filter";
import { quoteName } from "../core/sql-text";
import { count, measured } from "../parts/amounts";
import { Link } from "../parts/link";
import { Answered, Empty } from "../parts/states";
import { ClassDeltas } from "./class-deltas";
import { DeltaChart } from "./delta-chart";
import { Learning } from "./learning";
import { PairChart } from "./pair-chart";

const Curves = lazy(() => import("../parts/curves").then(({ Curves: component }) => ({ default: component })));
const LISTED = 100;

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
  const asked = useQuery(compareOptions(names, metric));
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
        {(comparison) => <Samples comparison={comparison} runs={runs} metric={metric} />}
      </Answered>
      {runs.every((run) => run.columns.some(({ name }) => name === "predicted")) && <ClassDeltas runs={runs} />}
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
  const { dataset } = a;
  const has = (name: string) => [a, b].every((run) => run.columns.some((column) => column.name === name));
  const column = (run: Run, name: string) => quoteName(`${run.name}.${name}`);
  const link = (sql: string) =>
    to.workspace(dataset ?? "", "main", {
      run: a.name,
      run2: b.name,
      q: toText([{ condition: { kind: "sql", sql } }]),
    });
  if (!dataset) return null;
  return (
    <span className="row-line push">
      {has("loss") && (
        <>
          <Link className="button" href={link(`${column(b, "loss")} < ${column(a, "loss")}`)}>
            Got better
          </Link>
          <Link className="button" href={link(`${column(b, "loss")} > ${column(a, "loss")}`)}>
            Got worse
          </Link>
        </>
      )}
      {has("predicted") && (
        <Link className="button" href={link(`${column(a, "predicted")} <> ${column(b, "predicted")}`)}>
          Disagree
        </Link>
      )}
    </span>
  );
}

type Sort = "worse" | "better" | "worst";

function Samples({ comparison, runs, metric }: { comparison: Comparison; runs: Run[]; metric: string }) {
  const [a, b] = runs;
  const [sort, setSort] = useState<Sort>("worse");
  const isLoss = /loss|error/i.test(metric);
  const rows = useMemo(() => {
    const number = (value: unknown) => (typeof value === "number" ? value : Number.NaN);
    return comparison.rows
      .map((row) => ({ sample: row.sample, values: runs.map((run, i) => number(row[run.name] ?? row["abcd"[i]])) }))
      .filter(({ values }) => values.slice(0, 2).every(Number.isFinite));
  }, [comparison, runs]);
  const sorted = useMemo(() => {
    const sign = isLoss ? 1 : -1;
    const delta = ({ values }: { values: number[] }) => (values[1] - values[0]) * sign;
    const worst = ({ values }: { values: number[] }) => Math.min(...values.map((value) => value * sign));
    const by = sort === "worse" ? delta : sort === "better" ? (row: { values: number[] }) => -delta(row) : worst;
    return [...rows].sort((x, y) => by(y) - by(x));
  }, [rows, sort, isLoss]);
  if (rows.length === 0) return <Empty title={`No sample has ${metric} in both runs`} />;
  const lower = rows.filter(({ values }) => values[1] < values[0]).length;
  const higher = rows.filter(({ values }) => values[1] > values[0]).length;
  const [better, worse] = isLoss ? [lower, higher] : [higher, lower];
  return (
    <>
      <dl className="row-line summary">
        <div>
          <dt className="quiet">Samples in both</dt>
          <dd>{count(rows.length)}</dd>
        </div>
        <div>
          <dt className="quiet">Better in {b.name}</dt>
          <dd>{count(better)}</dd>
        </div>
        <div>
          <dt className="quiet">Worse in {b.name}</dt>
          <dd>{count(worse)}</dd>
        </div>
        {Object.entries(comparison.summary)
          .filter(([name]) => !["better", "worse"].includes(name))
          .map(([name, value]) => (
            <div key={name}>
              <dt className="quiet">{name.replaceAll("_", " ")}</dt>
              <dd>{measured(value)}</dd>
            </div>
          ))}
      </dl>
      <div className="compare-charts">
        <PairChart
          points={rows.map(({ values }) => [values[0], values[1]])}
          across={a.name}
          up={b.name}
          metric={metric}
        />
        <DeltaChart
          deltas={rows.map(({ values }) => values[1] - values[0])}
          title={`${metric}: ${b.name} − ${a.name}`}
        />
      </div>
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
        <div className="table-wrap">
          <table className="list">
            <thead>
              <tr>
                <th>Sample</th>
                {runs.map(({ name }) => (
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
              {sorted.slice(0, LISTED).map(({ sample, values }) => (
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
                    <td key={runs[i].name} className="number">
                      {measured(value)}
                    </td>
                  ))}
                  <td className="number">{measured(values[1] - values[0])}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {sorted.length > LISTED && (
            <p className="card-body quiet">
              The first {LISTED} of {count(sorted.length)}; the workspace has all.
            </p>
          )}
        </div>
      </section>
    </>
  );
}
