/** Rows as pictures. */
import type { KeyboardEvent } from "react";
import type { Row } from "../../api/contract";
import { Empty, Failure } from "../../parts/states";
import { useScaledScroll } from "../../parts/use-scaled-scroll";
import { categoryColour } from "../../render/palette";
import { useBoxes } from "../boxes";
import { useClassOrder } from "../class-order";
import { classColour, classText, labelColumn, lossColumn, predictedColumn } from "../columns";
import { useWorkspace } from "../context";
import { useEditedCells } from "../edited-cells";
import { focusRow, useFocus } from "../focus";
import { useSelection } from "../selection";
import { cellText } from "./cell-text";
import { useRowClicks } from "./row-clicks";
import { useRowPages } from "./row-pages";
import { Thumbnail } from "./thumbnail";

const GAP_PX = 8;
const WORDS_PX = 40;

export function RowTiles({ size }: { size: number }) {
  const { table, columns } = useWorkspace();
  const known = useRowPages(0, 1);
  const lineHeight = size + WORDS_PX + GAP_PX * 2;
  const acrossOf = (width: number) => Math.max(1, Math.floor(width / (size + GAP_PX * 2)));
  const scroll = useScaledScroll((width) => Math.ceil(known.matched / acrossOf(width)), lineHeight, 0);
  const across = acrossOf(scroll.viewWidth);
  const pages = useRowPages(scroll.first * across, scroll.end * across);
  const { matched } = pages;
  const click = useRowClicks(pages);
  const selected = useSelection((state) => state.mask);
  const edited = useEditedCells();
  const { position, key: focused } = useFocus();
  const label = labelColumn(table);
  const predicted = predictedColumn(columns);
  const loss = lossColumn(columns);
  const order = useClassOrder(label);
  const places = Array.from(
    { length: Math.max(0, Math.min(matched, scroll.end * across) - scroll.first * across) },
    (_, i) => scroll.first * across + i,
  );
  const boxes = useBoxes(places.map((at) => pages.at(at)).filter((row): row is Row => row !== undefined));
  const keys = (event: KeyboardEvent) => {
    const at = position ?? -1;
    const moves: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at + across,
      ArrowUp: at - across,
      Home: 0,
      End: matched - 1,
      j: at + 1,
      k: at - 1,
    };
    const row = position === null ? undefined : pages.at(position);
    if (event.key in moves && !event.ctrlKey && !event.metaKey) {
      const next = Math.min(matched - 1, Math.max(0, moves[event.key]));
      scroll.show(Math.floor(next / across));
      const to = pages.at(next);
      if (to) focusRow(to._key, to._row, next);
    } else if (event.key === " " && row && position !== null) {
      void click(position, row, { shiftKey: event.shiftKey, ctrlKey: !event.shiftKey, metaKey: false, altKey: false });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (pages.error && places.length === 0) return <Failure error={pages.error} what="The rows" onRetry={pages.retry} />;
  return (
    <div
      ref={scroll.container}
      className="row-tiles"
      role="listbox"
      aria-multiselectable
      aria-label={`Pictures of ${table.name}`}
      aria-activedescendant={position !== null ? `tile-${position}` : undefined}
      tabIndex={0}
      onKeyDown={keys}
    >
      {matched === 0 && !pages.isFetching && <Empty title="No row passes the filters" />}
      <div style={{ height: scroll.height }} role="presentation">
        <div className="row-view" style={{ height: scroll.viewHeight }} role="presentation">
          {places.map((at) => {
            const row = pages.at(at);
            const line = Math.floor(at / across) - scroll.first;
            const style = {
              width: size + GAP_PX,
              height: lineHeight - GAP_PX,
              transform: `translate(${(at % across) * (size + GAP_PX * 2) + GAP_PX}px, ${scroll.offset + line * lineHeight + GAP_PX / 2}px)`,
            };
            if (!row) return <div key={at} className="tile skeleton" style={style} />;
            const isSelected = selected?.get(row._row) ?? false;
            const value = label ? row[label.name] : null;
            const guess = predicted ? row[predicted.name] : null;
            const place = value === null || value === undefined ? -1 : order(String(value));
            const isWrong = label !== null && guess !== null && guess !== undefined && String(guess) !== String(value);
            return (
              <div
                key={at}
                id={`tile-${at}`}
                role="option"
                tabIndex={-1}
                aria-selected={isSelected}
                className={`tile${isSelected ? " is-selected" : ""}${row._key === focused ? " is-focused" : ""}`}
                style={style}
                onClick={(event) => void click(at, row, event)}
              >
                <Thumbnail row={row} size={size} boxes={boxes(row)} />
                <span className="tile-words">
                  {label && (
                    <span className="tile-label">
                      {edited.has(row._key, label.name) && <span className="edited-dot" title="Edited in the draft" />}
                      {place >= 0 && (
                        <span
                          className="swatch"
                          style={{ background: categoryColour(place, classColour(label, String(value))) }}
                        />
                      )}
                      <bdi className={value === null ? "quiet" : undefined}>{classText(label, value)}</bdi>
                    </span>
                  )}
                  <span className="quiet">
                    {isWrong && predicted ? <bdi>→ {classText(predicted, guess)} </bdi> : null}
                    {loss ? cellText(loss, row[loss.name]) : label ? "" : row._key}
                  </span>
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
