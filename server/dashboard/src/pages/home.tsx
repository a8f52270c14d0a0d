/** What there is: datasets, mounts and runs, and the way to bring in more. */
import "./pages.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { FolderInput } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { service } from "../api/client";
import type { Import } from "../api/contract";
import { events } from "../api/events";
import { ServiceProblem } from "../api/problem";
import { keys, runsOptions, useAbout, useDatasets, useMounts, useSession } from "../api/queries";
import { useCommands } from "../app/commands";
import { to } from "../app/routes";
import { ago, bytes, count, counted, shortId } from "../parts/amounts";
import { Link } from "../parts/link";
import { RunBadge } from "../parts/run-badge";
import { Sheet } from "../parts/sheet";
import { Answered, Empty } from "../parts/states";
import { say, sayFailure } from "../parts/toasts";

export default function Home() {
  const datasets = useDatasets();
  const mounts = useMounts();
  const runs = useQuery(runsOptions());
  const about = useAbout();
  const session = useSession();
  const [isImporting, setImporting] = useState(false);
  const canImport = session.data?.role !== "viewer" && session.data?.role !== "editor" && !about.data?.read_only;
  useCommands(
    canImport
      ? [{ id: "import", title: "Import a dataset", group: "Datasets", keys: "I", run: () => setImporting(true) }]
      : [],
  );
  return (
    <div className="sheet-page">
      <div className="page-head">
        <h1>Datasets</h1>
        {about.data?.read_only && <span className="badge warn">read-only service</span>}
        {canImport && (
          <button type="button" className="button first push" onClick={() => setImporting(true)}>
            <FolderInput size={14} aria-hidden /> Import…
          </button>
        )}
      </div>
      <ImportProgress />
      <Answered asked={datasets} what="The datasets">
        {(all) =>
          all.length === 0 ? (
            <Empty title="There is no dataset yet">
              <p>
                Import a folder: nothing is copied, and the source is never changed. By command:{" "}
                <code>veneer import traffic /data/traffic</code>
              </p>
            </Empty>
          ) : (
            <ul className="dataset-cards">
              {all.map(({ name, source, head, files, bytes: size, branches, tags }) => (
                <li key={name} className="card dataset-card">
                  <h2>
                    <Link href={to.workspace(name, "main")}>
                      <bdi>{name}</bdi>
                    </Link>
                  </h2>
                  <div className="card-body">
                    <p>
                      {counted(files, "file")}, {bytes(size)}; {counted(branches, "branch", "branches")}
                      {tags > 0 ? `, ${counted(tags, "tag")}` : ""}
                    </p>
                    {head && (
                      <p className="quiet">
                        <span className="mono">{shortId(head.revision)}</span> {head.message} — {head.author},{" "}
                        {ago(head.committed_at)}
                      </p>
                    )}
                    <p className="quiet mono">
                      <bdi>{source}</bdi>
                    </p>
                    <p className="row-line">
                      <Link className="button" href={to.workspace(name, "main")}>
                        Open
                      </Link>
                      <Link className="button plain" href={to.history(name)}>
                        History
                      </Link>
                      <Link className="button plain" href={to.runs(name)}>
                        Runs
                      </Link>
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      <section className="card">
        <h2>Mounts</h2>
        <Answered asked={mounts} what="The mounts">
          {(all) =>
            all.length === 0 ? (
              <p className="card-body quiet">
                Nothing is mounted. <code>veneer mount NAME@main DIR</code> shows a revision as a folder.
              </p>
            ) : (
              <div className="table-wrap">
                <table className="list">
                  <thead>
                    <tr>
                      <th>Folder</th>
                      <th>Shows</th>
                      <th>Revision</th>
                      <th>Access</th>
                    </tr>
                  </thead>
                  <tbody>
                    {all.map(({ dir, dataset, ref, revision, writable }) => (
                      <tr key={dir}>
                        <td className="mono">{dir}</td>
                        <td>
                          {dataset && ref ? (
                            <Link href={to.workspace(dataset, ref)}>
                              {dataset}@{shortId(ref)}
                            </Link>
                          ) : (
                            <span className="quiet">a dataset of another store</span>
                          )}
                        </td>
                        <td className="mono">{revision ? shortId(revision) : "—"}</td>
                        <td>{writable ? "read and write" : "read"}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Answered>
      </section>
      <section className="card">
        <h2>Latest runs</h2>
        <Answered asked={runs} what="The runs">
          {(all) =>
            all.length === 0 ? (
              <p className="card-body quiet">
                No run has been recorded. Three lines of Python record one; see the manual.
              </p>
            ) : (
              <div className="table-wrap">
                <table className="list">
                  <thead>
                    <tr>
                      <th>Run</th>
                      <th>Dataset</th>
                      <th>State</th>
                      <th className="number">Epochs</th>
                      <th className="number">Rows</th>
                      <th>Started</th>
                    </tr>
                  </thead>
                  <tbody>
                    {[...all]
                      .sort((a, b) => b.started_at.localeCompare(a.started_at))
                      .slice(0, 8)
                      .map((run) => (
                        <tr key={run.name}>
                          <td>
                            <Link href={to.run(run, "main")}>
                              <bdi>{run.name}</bdi>
                            </Link>
                          </td>
                          <td>{run.dataset}</td>
                          <td>
                            <RunBadge status={run.status} />
                          </td>
                          <td className="number">{count(run.epochs)}</td>
                          <td className="number">{count(run.rows)}</td>
                          <td>{ago(run.started_at)}</td>
                        </tr>
                      ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Answered>
      </section>
      <p className="quiet">
        Service {window.location.host}
        {about.data ? `, Veneer ${about.data.version}` : ""}
        {session.data?.user ? `; you are ${session.data.user} (${session.data.role})` : ""}
      </p>
      <ImportSheet isOpen={isImporting} onClose={() => setImporting(false)} />
    </div>
  );
}

function ImportSheet({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  const [source, setSource] = useState("");
  const [name, setName] = useState("");
  const [refusal, setRefusal] = useState<string | null>(null);
  const guessed = name || (source.replace(/\/+$/, "").split("/").pop() ?? "");
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setRefusal(null);
    try {
      await service.POST("/v1/datasets", { body: { name: guessed, source: source.trim() } });
      say(`Importing ${guessed}`);
      onClose();
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Sheet title="Import a dataset" isOpen={isOpen} onClose={onClose}>
      <form className="commit-form" onSubmit={send}>
        <label className="labelled">
          <span>Folder or file on the service's machine</span>
          <input
            className="field mono"
            value={source}
            placeholder="/data/traffic"
            onChange={(event) => setSource(event.target.value)}
          />
        </label>
        <label className="labelled">
          <span>Name</span>
          <input
            className="field"
            value={name}
            placeholder={guessed || "traffic"}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        {refusal && (
          <p role="alert" className="refusal">
            {refusal}
          </p>
        )}
        <div className="row-line sheet-actions">
          <span className="quiet">Nothing is copied; the source is only read.</span>
          <button type="submit" className="button first push" disabled={source.trim() === "" || guessed === ""}>
            Import
          </button>
        </div>
      </form>
    </Sheet>
  );
}

/** Imports under way, by the service's events. */
function ImportProgress() {
  const client = useQueryClient();
  const [imports, setImports] = useState<ReadonlyMap<string, Import>>(new Map());
  useEffect(
    () =>
      events.on("import", (progress) => {
        setImports((now) => {
          const next = new Map(now);
          if (progress.done && !progress.error) next.delete(progress.id);
          else next.set(progress.id, progress);
          return next;
        });
        if (progress.error) sayFailure("The import", new ServiceProblem(progress.error));
        else if (progress.done) {
          say(`Imported ${progress.dataset ?? "the dataset"}: ${counted(progress.files, "file")}`);
          void client.invalidateQueries({ queryKey: keys.datasets });
        }
      }),
    [client],
  );
  return [...imports].map(([id, { files, bytes: size, error, dataset }]) => (
    <p key={id} className="card card-body" role="status">
      {error
        ? `The import of ${dataset ?? id} failed: ${error.detail}`
        : `Importing ${dataset ?? ""}: ${counted(files, "file")}, ${bytes(size)} so far…`}
    </p>
  ));
}
