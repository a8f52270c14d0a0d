/** Precision against recall: one curve large, and one of each class beside it, the worst first. */

import { useMemo, useState } from "react";
import { type AtThreshold, averagePrecision, type ClassScored, precisionRecall } from "../../core/precision-recall";
import { count, counted } from "../../parts/amounts";
import { SearchField } from "../../parts/search-field";

const SIDE = 220;
const SMALL = 64;
/** Curves side by side; more say nothing to anybody. */
const SHOWN = 24;

export const percent = (share: number) => (Number.isNaN(share) ? "—" : `${(share * 100).toFixed(1)} %`);

const pointsOf = (curve: readonly AtThreshold[], side: number) =>
  curve
    .filter(({ recall }) => !Number.isNaN(recall))
    .map(({ recall, precision }) => `${recall * side},${side - precision * side}`)
    .join(" ");

export function RecallChart({ curve, of }: { curve: readonly AtThreshold[]; of: string }) {
  return (
    <figure>
      <svg
        className="chart"
        viewBox={`-34 -8 ${SIDE + 44} ${SIDE + 40}`}
        role="img"
        aria-label={`Precision against recall of ${of}, ${count(curve.length)} points`}
      >
        <rect width={SIDE} height={SIDE} className="chart-frame" />
        <polyline className="chart-line" points={pointsOf(curve, SIDE)} />
        <text x={SIDE / 2} y={SIDE + 22} textAnchor="middle">
          recall (share found)
        </text>
        <text transform={`translate(-14 ${SIDE / 2}) rotate(-90)`} textAnchor="middle">
          precision
        </text>
      </svg>
    </figure>
  );
}

interface Props {
  classes: readonly ClassScored[];
  nameOf?(name: string): string;
  picked: string | null;
  /** Null: none any more. */
  onPick(name: string | null): void;
}

export function ClassCurves({ classes, nameOf = (name) => name, picked, onPick }: Props) {
  const [search, setSearch] = useState("");
  const sorted = useMemo(
    () =>
      classes
        .map((one) => ({ ...one, average: averagePrecision(one.scored, one.truths) }))
        .sort((a, b) => (a.average || 0) - (b.average || 0) || b.truths - a.truths),
    [classes],
  );
  const wanted = search.trim().toLowerCase();
  const found = wanted === "" ? sorted : sorted.filter(({ name }) => nameOf(name).toLowerCase().includes(wanted));
  const shown = found.slice(0, SHOWN);
  return (
    <section className="class-curves" aria-label="Precision and recall of each class">
      <div className="row-line">
        <strong>Each class, the worst first</strong>
        {classes.length > SHOWN && (
          <SearchField
            label="Search the classes of the curves"
            placeholder={`Search ${counted(classes.length, "class", "classes")}`}
            value={search}
            onChange={setSearch}
          />
        )}
        {found.length > SHOWN && (
          <span className="quiet">
            {count(SHOWN)} of {count(found.length)} are drawn
          </span>
        )}
      </div>
      <ul>
        {shown.map((one) => (
          <li key={one.name}>
            <button
              type="button"
              className="class-curve"
              aria-pressed={picked === one.name}
              title={`${nameOf(one.name)}: ${counted(one.truths, "time")} there, ${counted(one.scored.confidence.length, "time")} predicted. Click shows it large`}
              onClick={() => onPick(picked === one.name ? null : one.name)}
            >
              <Small of={one} />
              <bdi className="class-curve-name">{nameOf(one.name) || "(none)"}</bdi>
              <span className="quiet">AP {percent(one.average)}</span>
            </button>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="quiet">No class has “{search}” in its name.</p>}
    </section>
  );
}

function Small({ of }: { of: ClassScored }) {
  const points = useMemo(() => pointsOf(precisionRecall(of.scored, of.truths, SMALL), SMALL), [of.scored, of.truths]);
  return (
    <svg viewBox={`-1 -1 ${SMALL + 2} ${SMALL + 2}`} width={SMALL} height={SMALL} aria-hidden>
      <rect width={SMALL} height={SMALL} className="chart-frame" />
      <polyline className="chart-line" points={points} />
    </svg>
  );
}
