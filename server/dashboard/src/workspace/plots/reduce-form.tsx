/** Lays an embedding into two or three dimensions, and plots it. */
import { type FormEvent, useEffect, useState } from "react";
import { setQuery } from "../../app/location";
import { count } from "../../parts/amounts";
import { say, sayFailure } from "../../parts/toasts";
import { isVector, labelColumn } from "../columns";
import { useWorkspace } from "../context";
import { type PlotSpec, plotId } from "../plot-spec";
import { type Dims, reduceVectors } from "../reduce";

export default function ReduceForm() {
  const workspace = useWorkspace();
  const { columns, table, plots, run, noWriting } = workspace;
  const vectors = columns.filter(isVector);
  const [chosen, setChosen] = useState("");
  const [dims, setDims] = useState<Dims>(2);
  const [doing, setDoing] = useState<{ words: string; share: number | null } | null>(null);
  const seconds = useSeconds(doing !== null);
  if (vectors.length === 0) return null;
  const column = vectors.find(({ name }) => name === chosen) ?? vectors[0];
  const reduce = async (event: FormEvent) => {
    event.preventDefault();
    setDoing({ words: "It begins", share: null });
    try {
      const axes = await reduceVectors(workspace, column, dims, (words, share) => setDoing({ words, share }));
      const [x, y, z] = axes.names.map((name) => `${axes.run}.${name}`);
      const plot: PlotSpec = { kind: "scatter", x, y, ...(z ? { z } : {}), colour: labelColumn(table)?.name };
      const rest = plots.filter((one) => plotId(one) !== plotId(plot));
      setQuery({
        plots: JSON.stringify([...rest, plot]),
        // The places are shown beside the run that is looked at.
        ...(run === null ? { run: axes.run } : run.name === axes.run ? {} : { run2: axes.run }),
      });
      const kept = axes.shares.reduce((sum, share) => sum + share, 0);
      say(`${count(axes.rows)} rows have a place; the axes keep ${(kept * 100).toFixed(1)} % of all variance`);
    } catch (error) {
      sayFailure(`Reducing ${column.name}`, error);
    }
    setDoing(null);
  };
  return (
    <form className="plot-picker" aria-busy={doing !== null} onSubmit={(event) => void reduce(event)}>
      <label className="labelled">
        <span>Embedding to axes (PCA)</span>
        <select className="field" value={column.name} onChange={(event) => setChosen(event.target.value)}>
          {vectors.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label className="labelled">
        <span>Dimensions</span>
        <select className="field" value={dims} onChange={(event) => setDims(event.target.value === "3" ? 3 : 2)}>
          <option value={2}>2</option>
          <option value={3}>3</option>
        </select>
      </label>
      <button
        type="submit"
        className="button"
        disabled={doing !== null || noWriting !== null}
        title={noWriting ?? "The places are columns of a run from then on"}
      >
        {doing ? "Reducing…" : "Reduce and plot"}
      </button>
      <div className="labelled" aria-live="polite">
        {doing && (
          <>
            <span>{doing.words}</span>
            <progress aria-label={`Reducing ${column.name}`} value={doing.share ?? undefined} />
          </>
        )}
      </div>
      {doing && seconds > 1 && <span className="quiet">{seconds} s</span>}
    </form>
  );
}

/** How long it lasts already. */
function useSeconds(isOn: boolean): number {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    if (!isOn) return;
    setSeconds(0);
    const timer = setInterval(() => setSeconds((now) => now + 1), 1000);
    return () => clearInterval(timer);
  }, [isOn]);
  return seconds;
}
