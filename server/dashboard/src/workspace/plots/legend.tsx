/** What the colours mean: click hides a class in this plot, double-click shows it alone. */

import { useState } from "react";
import { count, counted, measured } from "../../parts/amounts";
import { LongList } from "../../parts/long-list";
import { SearchField } from "../../parts/search-field";
import { divergingColour, sequentialColour } from "../../render/palette";
import type { LegendData } from "./legend-data";

const LINE_PX = 24;
/** From so many classes on nobody finds one by looking. */
const SEARCHED = 30;

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
  return <Classes legend={legend} />;
}

function Classes({ legend: { entries, toggle, solo } }: { legend: LegendData }) {
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = wanted === "" ? entries : entries.filter(({ name }) => name.toLowerCase().includes(wanted));
  return (
    <div className="legend is-classes">
      {entries.length > SEARCHED && (
        <SearchField
          label="Search the classes of the legend"
          placeholder={counted(entries.length, "class", "classes")}
          value={search}
          onChange={setSearch}
        />
      )}
      <LongList
        items={shown}
        itemHeight={LINE_PX}
        keyOf={({ code }) => code}
        className="legend-classes"
        label="Classes"
      >
        {({ code, name, colour, count: rows, isHidden }) => (
          <button
            type="button"
            className="legend-entry"
            aria-pressed={!isHidden}
            title={`${name}: ${rows === null ? "few" : count(rows)} rows. Click hides or shows, double-click shows alone`}
            onClick={() => toggle(code)}
            onDoubleClick={() => solo(code)}
          >
            <span className="swatch" style={{ background: colour, opacity: isHidden ? 0.25 : 1 }} />
            <bdi className={isHidden ? "legend-name is-hidden" : "legend-name"}>{name}</bdi>
            <span className="quiet">{rows === null ? "few" : count(rows)}</span>
          </button>
        )}
      </LongList>
    </div>
  );
}
