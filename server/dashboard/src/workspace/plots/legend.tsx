/** What the colours mean: click hides a class in this plot, double-click shows it alone. */
import { count, measured } from "../../parts/amounts";
import { divergingColour, sequentialColour } from "../../render/palette";
import type { LegendData } from "./legend-data";

const SHOWN = 60;

export function Legend({ legend }: { legend: LegendData }) {
  if (legend.ramp) {
    const { column, min, max } = legend.ramp;
    const of = min < 0 && max > 0 ? divergingColour : sequentialColour;
    const stops = Array.from({ length: 9 }, (_, i) => of(i / 8)).join(", ");
    return (
      <div className="legend">
        <bdi>{column}</bdi>
        <div className="legend-ramp" style={{ background: `linear-gradient(to top, ${stops})` }} />
        <span className="quiet">
          {measured(min)} – {measured(max)}
        </span>
      </div>
    );
  }
  if (legend.entries.length === 0) return null;
  const shown = legend.entries.slice(0, SHOWN);
  const rest = legend.entries.length - shown.length;
  return (
    <ul className="legend" aria-label="Classes">
      {shown.map(({ code, name, colour, count: rows, isHidden }) => (
        <li key={code}>
          <button
            type="button"
            className="legend-entry"
            aria-pressed={!isHidden}
            title={`${name}: ${count(rows)} rows. Click hides or shows, double-click shows alone`}
            onClick={() => legend.toggle(code)}
            onDoubleClick={() => legend.solo(code)}
          >
            <span className="swatch" style={{ background: colour, opacity: isHidden ? 0.25 : 1 }} />
            <bdi className={isHidden ? "legend-name is-hidden" : "legend-name"}>{name}</bdi>
            <span className="quiet">{count(rows)}</span>
          </button>
        </li>
      ))}
      {rest > 0 && <li className="quiet">and {count(rest)} smaller classes</li>}
    </ul>
  );
}
