/** The row's cells; those that can be edited are fields. */
import { useState } from "react";
import type { Row, TableColumn } from "../../api/contract";
import { setQuery } from "../../app/location";
import { ClassOptions } from "../../parts/class-options";
import { say } from "../../parts/toasts";
import { categoryColour } from "../../render/palette";
import { useClassOrder } from "../class-order";
import { classColour, classText, classValue, isLabel, writtenIn } from "../columns";
import { useWorkspace } from "../context";
import { useEditedCells } from "../edited-cells";
import { useEditing } from "../editing";
import { useClasses } from "../label-keys";
import { cellText, parseCell } from "../rows/cell-text";

export function Fields({ row }: { row: Row }) {
  const { columns, tables, table, readOnly } = useWorkspace();
  const edited = useEditedCells();
  const written = readOnly === null ? writtenIn(tables, table) : null;
  const openWritten = () =>
    written &&
    setQuery({
      table: written.name,
      // Where the rows are the same, so are their keys.
      focus: written.rows === table.rows ? row._key : null,
      q: null,
      order: null,
      plots: null,
    });
  return (
    <section className="inspector-part">
      <h2>
        Fields <span className="quiet mono">{row._key}</span>
      </h2>
      {written && (
        <p className="quiet">
          These columns are read from {written.name}; edit them there.{" "}
          <button type="button" className="button" onClick={openWritten}>
            Open {written.name}
          </button>
        </p>
      )}
      <dl className="fields">
        {columns
          .filter(({ role }) => role.kind !== "embedding")
          .map((column) => (
            <div key={column.name}>
              <dt>
                {edited.has(row._key, column.name) && <span className="edited-dot" title="Edited in the draft" />}
                <bdi>{column.name}</bdi>
              </dt>
              <dd>
                <Field key={`${row._key} ${String(row[column.name])}`} row={row} column={column} />
              </dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function Field({ row, column }: { row: Row; column: TableColumn }) {
  const { table, readOnly } = useWorkspace();
  const editing = useEditing();
  const classes = useClasses();
  const value = row[column.name];
  const before =
    value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const [text, setText] = useState(before);
  const order = useClassOrder(column);
  const place = value === null || value === undefined ? -1 : order(String(value));
  const swatch = place >= 0 && (
    <span className="swatch" style={{ background: categoryColour(place, classColour(column, before)) }} />
  );
  const set = (parsed: ReturnType<typeof parseCell>) => {
    if (parsed === undefined) return say(`“${text.slice(0, 60)}” is no ${column.type} for ${column.name}`);
    const what = isLabel(column) ? classText(column, parsed) : String(parsed).slice(0, 60);
    void editing.apply(
      [{ kind: "set", table: table.name, keys: [row._key], cells: { [column.name]: parsed } }],
      `Set ${column.name} to ${what}`,
    );
  };
  if (!column.editable || readOnly !== null || before.length > 2000) {
    return (
      <span className="row-line">
        {swatch}
        <bdi className={value === null ? "quiet" : undefined}>{cellText(column, value)}</bdi>
      </span>
    );
  }
  if (isLabel(column) && classes.length > 0 && classes.length <= 300) {
    return (
      <span className="row-line">
        {swatch}
        <select
          className="field"
          aria-label={column.name}
          value={before}
          onChange={(event) =>
            set(event.target.value === "" && column.nullable ? null : classValue(column, event.target.value))
          }
        >
          {!classes.some((one) => one.value === before) && (
            <option value={before}>{before === "" ? "null" : before}</option>
          )}
          {classes.map(({ value: one, name }) => (
            <option key={one} value={one}>
              {name}
            </option>
          ))}
        </select>
      </span>
    );
  }
  const list = isLabel(column) && classes.length > 0 ? `fields-${column.name}` : undefined;
  // A class may be typed by its name.
  const typed = () => (list ? classes.find(({ name }) => name === text)?.value : undefined) ?? text;
  return (
    <>
      <input
        className="field"
        dir="auto"
        aria-label={column.name}
        aria-invalid={text !== before && parseCell(column, typed()) === undefined}
        placeholder={column.nullable ? "null" : ""}
        list={list}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => text !== before && set(parseCell(column, typed()))}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key === "Escape") setText(before);
        }}
      />
      {list && <ClassOptions id={list} names={classes.map(({ name }) => name)} text={text === before ? "" : text} />}
    </>
  );
}
