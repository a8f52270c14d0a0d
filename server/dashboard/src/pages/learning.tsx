/** Samples that runs have learnt, never learnt, or learnt and forgotten, over their epochs. */
import { useQueries, useQuery } from "@tanstack/react-query";
import type { Run } from "../api/contract";
import { sqlOptions, tablesOptions } from "../api/queries";
import { to } from "../app/routes";
import { type LearningOf, learningTotals, mostForgotten } from "../core/learning-sql";
import { count, counted } from "../parts/amounts";
import { Link } from "../parts/link";
import { Failure, Loading } from "../parts/states";
import { labelColumn, mainTable } from "../workspace/columns";

const LISTED = 50;

/** Runs with one epoch have learnt nothing yet, and are left out. */
export function Learning({ runs }: { runs: Run[] }) {
  const many = runs.filter(
    ({ epochs, dataset, columns }) => epochs > 1 && dataset && columns.some(({ name }) => name === "predicted"),
  );
  if (many.length === 0) return null;
  return (
    <section className="card">
      <h2>Learnt and forgotten</h2>
      {many.map((run) => (
        <OfRun key={run.name} run={run} />
      ))}
    </section>
  );
}

function OfRun({ run }: { run: Run }) {
  const dataset = run.dataset ?? "";
  const revision = run.revision ?? "main";
  const tables = useQuery(tablesOptions(dataset, revision, "learning"));
  const table = tables.data?.find(({ name }) => name === run.table) ?? (tables.data && mainTable(tables.data));
  const label = table ? labelColumn(table) : null;
  const of: LearningOf | null =
    table?.key && label
      ? { run: run.name, dataset, table: table.name, revision, key: table.key, label: label.name }
      : null;
  const [totals, worst] = useQueries({
    queries: [
      sqlOptions(of && learningTotals(of), 1, [run.name, run.rows]),
      sqlOptions(of && mostForgotten(of), LISTED, [run.name, run.rows]),
    ],
  });
  const failed = [tables, totals, worst].find(({ error }) => error);
  if (failed) return <Failure error={failed.error} what={`Epochs of ${run.name}`} />;
  if (tables.data && of === null) return null;
  const [all, never, always, forgotten] = (totals.data?.rows[0] ?? []).map(Number);
  if (!totals.data || !worst.data) return <Loading what={`epochs of ${run.name}`} lines={1} />;
  return (
    <div className="card-body">
      <h3>
        <bdi>{run.name}</bdi>
      </h3>
      <p>
        Of {counted(all, "sample")} in {counted(run.epochs, "epoch")}: {count(always)} always right, {count(never)}{" "}
        never right, {count(forgotten)} right and later wrong
      </p>
      {worst.data.rows.length > 0 && (
        <div className="table-wrap">
          <table className="list">
            <thead>
              <tr>
                <th>Sample</th>
                <th className="number">Times forgotten</th>
                <th className="number">Epochs right</th>
                <th className="number">Epochs</th>
              </tr>
            </thead>
            <tbody>
              {worst.data.rows.map(([sample, epochs, right, times]) => (
                <tr key={String(sample)}>
                  <td>
                    <Link
                      className="mono"
                      href={to.workspace(dataset, "main", { run: run.name, focus: String(sample) })}
                    >
                      <bdi>{String(sample)}</bdi>
                    </Link>
                  </td>
                  <td className="number">{count(Number(times))}</td>
                  <td className="number">{count(Number(right))}</td>
                  <td className="number">{count(Number(epochs))}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {worst.data.truncated && <p className="quiet">The {LISTED} most often forgotten.</p>}
        </div>
      )}
    </div>
  );
}
