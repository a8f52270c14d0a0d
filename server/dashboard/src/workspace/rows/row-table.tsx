/** Rows as a table of a million lines: only what is on the screen exists. */
import { ArrowDown, ArrowUp } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo } from "react";
import type { Row, TableColumn } from "../../api/contract";
import { setQuery } from "../../app/location";
import { count } from "../../parts/amounts";
import { Empty, Failure } from "../../parts/states";
import { useScaledScroll } from "../../parts/use-scaled-scroll";
import { categoryColour } from "../../render/palette";
import { useTheme } from "../../theme/theme";
import { useBoxes } from "../boxes";
import { useClassOrder } from "../class-order";
import { classColour, isLabel, isNumber } from "../columns";
import { setFilter, useWorkspace } from "../context";
import { useEditedCells } from "../edited-cells";
import { focusRow, useFocus } from "../focus";
import { useSelection } from "../selection";
import { CellEditor, useCellEditor } from "./cell-editor";
import { cellText } from "./cell-text";
import { orderOf, orderText, turned } from "./order";
import { useRowClicks } from "./row-clicks";
import { MARK_PX, MARKS, MarkCells, MarkHeads } from "./row-marks";
import { useRowPages } from "./row-pages";
import { useShownColumns } from "./shown-columns";
import { Thumbnail } from "./thumbnail";

const HEAD_PX = 30;
const CHECK_PX = 34;
/** What stands before the picture. */
const OWN_PX = CHECK_PX + MARKS * MARK_PX;

const widthOf = (column: TableColumn) => {
  if (isLabel(column)) return 150;
  if (column.role.kind === "key") return 180;
  return isNumber(column) ? 110 : 170;
};

export function RowTable({ thumbnail }: { thumbnail: number }) {
  const { filter, order, table } = useWorkspace();
  const { density } = useTheme();
  const { shown, pinned } = useShownColumns();
  const rowHeight = Math.max(thumbnail > 0 ? thumbnail + 6 : 0, density === "compact" ? 28 : 36);
  // The first page tells how many rows match; until then the last known number serves.
  const known = useRowPages(0, 1);
  const scroll = useScaledScroll(() => known.matched, rowHeight, HEAD_PX);
  const pages = useRowPages(scroll.first, scroll.end);
  const matched = pages.matched;
  const { position, key: focused } = useFocus();
  const click = useRowClicks(pages);
  const selected = useSelection((state) => state.mask);
  const edited = useEditedCells();
  const editor = useCellEditor();
  const terms = orderOf(order);
  const thumbWidth = thumbnail > 0 ? thumbnail + 14 : 0;
  const lefts = useMemo(() => {
    let left = OWN_PX + thumbWidth;
    return shown.map((column) => {
      const at = left;
      left += widthOf(column);
      return at;
    });
  }, [shown, thumbWidth]);
  const width = OWN_PX + thumbWidth + shown.reduce((sum, column) => sum + widthOf(column), 0);
  const positions = Array.from({ length: scroll.end - scroll.first }, (_, i) => scroll.first + i);
  const visible = positions.map((at) => pages.at(at)).filter((row): row is Row => row !== undefined);
  const boxes = useBoxes(thumbnail > 0 ? visible : []);

  const go = (next: number) => {
    const at = Math.min(matched - 1, Math.max(0, next));
    scroll.show(at);
    const row = pages.at(at);
    if (row) focusRow(row._key, row._row, at);
    else useFocus.setState({ position: at });
  };
  // A row that was not loaded when the keyboard reached it gets the focus when it is.
  const reached = position !== null ? pages.at(position) : undefined;
  useEffect(() => {
    if (position !== null && reached && reached._key !== focused) focusRow(reached._key, reached._row, position);
  }, [position, reached, focused]);

  const keys = (event: KeyboardEvent) => {
    // With Ctrl they are the page's: Ctrl+Enter commits.
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey) return;
    const at = position ?? -1;
    const step = Math.max(1, Math.floor(scroll.viewHeight / rowHeight) - 1);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      j: at + 1,
      ArrowUp: at - 1,
      k: at - 1,
      PageDown: at + step,
      PageUp: at - step,
      Home: 0,
      End: matched - 1,
    };
    const row = position !== null ? pages.at(position) : undefined;
    if (event.key in moves) {
      const next = moves[event.key];
      const to = pages.at(Math.min(matched - 1, Math.max(0, next)));
      go(next);
      if (event.shiftKey && to && position !== null)
        void click(Math.max(0, next), to, { shiftKey: false, ctrlKey: true, metaKey: false, altKey: false });
    } else if (event.key === " " && row && position !== null) {
      void click(position, row, { shiftKey: event.shiftKey, ctrlKey: !event.shiftKey, metaKey: false, altKey: false });
    } else if (event.key === "Enter" && row) {
      const column = shown.find(({ editable }) => editable);
      if (column) editor.open(row, column);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };

  if (pages.error && visible.length === 0) return <Failure error={pages.error} what="The rows" onRetry={pages.retry} />;
  if (matched === 0 && !pages.isFetching) {
    return (
      <Empty title={table.rows === 0 ? "This table has no rows" : "No row passes the filters"}>
        {filter.length > 0 && (
          <button type="button" className="button" onClick={() => setFilter([])}>
            Clear the filters
          </button>
        )}
      </Empty>
    );
  }
  const leftOf = (i: number) => (i < pinned ? { position: "sticky" as const, left: lefts[i], zIndex: 2 } : undefined);
  return (
    <>
      <div
        ref={scroll.container}
        className="row-table"
        role="grid"
        aria-label={`Rows of ${table.name}`}
        aria-rowcount={matched + 1}
        aria-colcount={shown.length + 1 + MARKS + (thumbnail > 0 ? 1 : 0)}
        aria-multiselectable
        aria-activedescendant={
          focused !== null && position !== null && position >= scroll.first && position < scroll.end
            ? `row-${position}`
            : undefined
        }
        tabIndex={0}
        onKeyDown={keys}
      >
        <div className="row-sizer" style={{ height: scroll.height + HEAD_PX, width }} role="presentation">
          <div className="row-view" style={{ height: scroll.viewHeight + HEAD_PX, width }} role="presentation">
            <div className="row-head" role="row" aria-rowindex={1} style={{ height: HEAD_PX }}>
              <div role="columnheader" className="cell-head" style={{ width: CHECK_PX }}>
                <span className="unseen">selected</span>
              </div>
              <MarkHeads />
              {thumbnail > 0 && (
                <div role="columnheader" className="cell-head" style={{ width: thumbWidth }}>
                  <span className="unseen">picture</span>
                </div>
              )}
              {shown.map((column, i) => {
                const term = terms.find((one) => one.column === column.name);
                return (
                  <div
                    key={column.name}
                    role="columnheader"
                    className="cell-head"
                    aria-sort={term ? (term.isDescending ? "descending" : "ascending") : "none"}
                    style={{ width: widthOf(column), ...leftOf(i) }}
                  >
                    <button
                      type="button"
                      tabIndex={-1}
                      className={isNumber(column) && !isLabel(column) ? "head-button is-number" : "head-button"}
                      title={`${column.name} (${column.type}). Click sorts, Shift-click sorts besides`}
                      onClick={(event) => setQuery({ order: orderText(turned(terms, column.name, event.shiftKey)) })}
                    >
                      <bdi>{column.name}</bdi>
                      {term &&
                        (term.isDescending ? <ArrowDown size={12} aria-hidden /> : <ArrowUp size={12} aria-hidden />)}
                    </button>
                  </div>
                );
              })}
            </div>
            <div className="row-window" style={{ height: scroll.viewHeight }} role="presentation">
              {positions.map((at, i) => {
                const row = pages.at(at);
                const style = { height: rowHeight, transform: `translateY(${scroll.offset + i * rowHeight}px)`, width };
                if (!row) {
                  return (
                    <div key={at} className="row is-waiting" style={style} role="row" aria-rowindex={at + 2}>
                      <div role="gridcell">
                        <span className="skeleton" />
                      </div>
                    </div>
                  );
                }
                const isSelected = selected?.get(row._row) ?? false;
                return (
                  <div
                    key={at}
                    id={`row-${at}`}
                    role="row"
                    tabIndex={-1}
                    aria-rowindex={at + 2}
                    aria-selected={isSelected}
                    className={`row${isSelected ? " is-selected" : ""}${row._key === focused ? " is-focused" : ""}${at % 2 ? " is-odd" : ""}`}
                    style={style}
                    onClick={(event) => void click(at, row, event)}
                  >
                    <div role="gridcell" className="cell" style={{ width: CHECK_PX }}>
                      <input
                        type="checkbox"
                        tabIndex={-1}
                        checked={isSelected}
                        aria-label={`Select row ${row._key}`}
                        onClick={(event) => event.stopPropagation()}
                        onChange={() =>
                          void click(at, row, { ctrlKey: true, shiftKey: false, metaKey: false, altKey: false })
                        }
                      />
                    </div>
                    <MarkCells row={row._key} edited={edited} />
                    {thumbnail > 0 && (
                      <div role="gridcell" className="cell is-thumb" style={{ width: thumbWidth }}>
                        <Thumbnail row={row} size={thumbnail} boxes={boxes(row)} />
                      </div>
                    )}
                    {shown.map((column, j) => (
                      <div
                        key={column.name}
                        role="gridcell"
                        className={isNumber(column) && !isLabel(column) ? "cell is-number" : "cell"}
                        style={{ width: widthOf(column), ...leftOf(j) }}
                        onDoubleClick={() => editor.open(row, column)}
                      >
                        {editor.isOpen(row, column) ? (
                          <CellEditor row={row} column={column} editor={editor} />
                        ) : (
                          <CellBody column={column} row={row} isEdited={edited.has(row._key, column.name)} />
                        )}
                      </div>
                    ))}
                  </div>
                );
              })}
            </div>
          </div>
        </div>
      </div>
      <p className="unseen" aria-live="polite">
        {position !== null ? `Row ${count(position + 1)} of ${count(matched)}` : ""}
      </p>
    </>
  );
}

function CellBody({ column, row, isEdited }: { column: TableColumn; row: Row; isEdited: boolean }) {
  const order = useClassOrder(column);
  const value = row[column.name];
  const isNull = value === null || value === undefined;
  const place = isNull ? -1 : order(String(value));
  return (
    <>
      {isEdited && <span className="edited-dot" title="Edited in the draft" />}
      {place >= 0 && (
        <span className="swatch" style={{ background: categoryColour(place, classColour(column, String(value))) }} />
      )}
      <bdi
        className={isNull ? "cell-text quiet" : "cell-text"}
        title={typeof value === "string" && value.length > 20 ? value.slice(0, 300) : undefined}
      >
        {cellText(column, value)}
      </bdi>
      {isEdited && <span className="unseen">edited</span>}
    </>
  );
}
