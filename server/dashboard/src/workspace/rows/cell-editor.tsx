/** A cell under edit: Enter keeps, Escape leaves it, and what is no value of its column is said. */
import { useRef, useState } from "react";
import type { Row, TableColumn } from "../../api/contract";
import { ClassOptions } from "../../parts/class-options";
import { say } from "../../parts/toasts";
import { classText, isLabel } from "../columns";
import { useWorkspace } from "../context";
import { useEditing } from "../editing";
import { useClasses } from "../label-keys";
import { parseCell } from "./cell-text";

export interface Editor {
  isOpen(row: Row, column: TableColumn): boolean;
  open(row: Row, column: TableColumn): void;
  close(): void;
}

export function useCellEditor(): Editor {
  const { readOnly } = useWorkspace();
  const [cell, setCell] = useState<string | null>(null);
  const name = (row: Row, column: TableColumn) => `${row._key}\n${column.name}`;
  return {
    isOpen: (row, column) => cell === name(row, column),
    open: (row, column) => {
      if (readOnly !== null) return say(readOnly);
      if (!column.editable) return say(`${column.name} is derived and cannot be edited`);
      setCell(name(row, column));
    },
    close: () => setCell(null),
  };
}

export function CellEditor({ row, column, editor }: { row: Row; column: TableColumn; editor: Editor }) {
  const { table } = useWorkspace();
  const editing = useEditing();
  const classes = useClasses();
  const value = row[column.name];
  const before =
    value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const [text, setText] = useState(before);
  const list = isLabel(column) ? `classes-${column.name}` : undefined;
  // Enter and Escape take the focus away, too: the blur that follows decides nothing any more.
  const isDecided = useRef(false);
  const leave = () => {
    isDecided.current = true;
    editor.close();
  };
  const keep = () => {
    if (isDecided.current) return;
    leave();
    if (text === before) return;
    // A class may be typed by its name.
    const known = isLabel(column) ? classes.find(({ name }) => name === text)?.value : undefined;
    const parsed = parseCell(column, known ?? text);
    if (parsed === undefined) return say(`“${text.slice(0, 60)}” is no ${column.type} for ${column.name}`);
    const what = isLabel(column) ? classText(column, parsed) : String(parsed).slice(0, 60);
    void editing.apply(
      [{ kind: "set", table: table.name, keys: [row._key], cells: { [column.name]: parsed } }],
      `Set ${column.name} to ${what}`,
    );
  };
  return (
    <>
      <input
        className="field cell-input"
        aria-label={`${column.name} of row ${row._key}`}
        // biome-ignore lint/a11y/noAutofocus: the person has just asked to edit here
        autoFocus
        list={list}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onFocus={(event) => event.target.select()}
        onClick={(event) => event.stopPropagation()}
        onBlur={keep}
        onKeyDown={(event) => {
          event.stopPropagation();
          const grid = event.currentTarget.closest<HTMLElement>("[role=grid]");
          if (event.key === "Enter") keep();
          else if (event.key === "Escape") leave();
          else return;
          grid?.focus();
        }}
      />
      {list && (
        // What stands in the cell is not what is looked for.
        <ClassOptions id={list} names={classes.map(({ name }) => name)} text={text === before ? "" : text} />
      )}
    </>
  );
}
