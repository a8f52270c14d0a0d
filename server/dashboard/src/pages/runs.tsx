/** All runs, their state and latest numbers; two to four of them are compared. */
import "./pages.css";
import { useQueries, useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { Run } from "../api/contract";
import { runsOptions, scalarsOptions } from "../api/queries";
import { useCommands } from "../app/commands";
import { navigate, setQuery, usePlace } from "../app/location";
import { to } from "../app/routes";
import { ago, count, measured, shortId } from "../parts/amounts";
import { Link } from "../parts/link";
import { RunBadge } from "../parts/run-badge";
import { Answered, Empty } from "../parts/states";
import { say } from "../parts/toasts";

const Curves = lazy(() => import("../parts/curves").then(({ Curves: component }) => ({ default: component })));
const COMPARED_MAX = 4;

export default function RunsPage() {
  const { query } = usePlace();
  const dataset = query.get("dataset") ?? undefined;
  const asked = useQuery(runsOptions(dataset));
  const picked = (query.get("picked") ?? "").split(",").filter(Boolean);
  const pick = (name: string) => {
    const next = picked.includes(name) ? picked.filter((one) => one !== name) : [...picked, name].slice(-COMPARED_MAX);
    setQuery({ picked: next.join(",") }, true);
  };
  const compare = () => (picked.length >= 2 ? navigate(to.compare(picked)) : say("Pick two to four runs to compare"));
  useCommands([{ id: "compare-runs", title: "Compare the picked runs", group: "Runs", keys: "C", run: compare }]);
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>Runs{dataset ? ` on ${dataset}` : ""}</h1>
        {dataset && <Link href={to.runs()}>of all datasets</Link>}
        <button type="button" className="button first push" disabled={picked.length < 2} onClick={compare}>
          Compare
        </button>
      </div>
      <Answered asked={asked} what="The runs">
        {(runs) =>
          runs.length === 0 ? (
            <Empty title="No run has been recorded">
              <pre className="snippet">{`import veneer
with veneer.run("resnet18", dataset="${dataset ?? "traffic"}") as run:
    run.log(epoch=0, sample=paths, loss=losses, predicted=classes)`}</pre>
            </Empty>
          ) : (
            <>
              <RunTable runs={runs} picked={picked} onPick={pick} />
              {picked.length > 0 && <PickedCurves runs={picked} />}
            </>
          )
        }
      </Answered>
    </div>
  );
}

function RunTable({ runs, picked, onPick }: { runs: Run[]; picked: readonly string[]; onPick(name: string): void }) {
  const scalars = [...new Set(runs.flatMap(({ latest }) => Object.keys(latest)))].slice(0, 6);
  const sorted = [...runs].sort((a, b) => b.started_at.localeCompare(a.started_at));
  return (
    <div className="card table-wrap">
      <table className="list">
        <thead>
          <tr>
            <th>
              <span className="unseen">picked</span>
            </th>
            <th>Run</th>
            <th>State</th>
            <th>Dataset</th>
            <th className="number">Epochs</th>
            <th className="number">Rows</th>
            {scalars.map((name) => (
              <th key={name} className="number">
                {name}
              </th>
            ))}
            <th>Parameters</th>
            <th>Host</th>
            <th>Started</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((run) => (
            <tr key={run.name}>
              <td>
                <input
                  type="checkbox"
                  checked={picked.includes(run.name)}
                  onChange={() => onPick(run.name)}
                  aria-label={`Pick ${run.name}`}
                />
              </td>
              <td>
                <Link href={to.run(run, "main")}>
                  <bdi>{run.name}</bdi>
                </Link>
              </td>
              <td>
                <RunBadge status={run.status} />
              </td>
              <td>
                {run.dataset ?? <span className="quiet">of another store</span>}{" "}
                {run.revision && (
                  <Link href={to.run(run, run.revision)} className="mono">
                    {shortId(run.revision)}
                  </Link>
                )}
              </td>
              <td className="number">{count(run.epochs)}</td>
              <td className="number">{count(run.rows)}</td>
              {scalars.map((name) => (
                <td key={name} className="number">
                  {typeof run.latest[name] === "number" ? measured(run.latest[name]) : "—"}
                </td>
              ))}
              <td className="quiet">{parametersText(run)}</td>
              <td>{run.host ?? ""}</td>
              <td title={run.started_at}>{ago(run.started_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const parametersText = ({ parameters }: Run) =>
  Object.entries(parameters ?? {})
    .map(([name, value]) => `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ");

function PickedCurves({ runs }: { runs: readonly string[] }) {
  const asked = useQueries({ queries: runs.map((run) => scalarsOptions(run)) });
  const all = runs.map((run, i) => ({ run, curves: asked[i].data ?? [] }));
  if (all.every(({ curves }) => curves.length === 0)) return null;
  return (
    <section className="card">
      <h2>Curves</h2>
      <div className="card-body">
        <Suspense fallback={null}>
          <Curves runs={all} />
        </Suspense>
      </div>
    </section>
  );
}
