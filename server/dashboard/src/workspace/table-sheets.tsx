/** Sheets that change the table itself: its classes, and columns of our own. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Edit } from "../api/contract";
import { groupsOptions } from "../api/queries";
import { useCommands } from "../app/commands";
import { count } from "../parts/amounts";
import { Sheet } from "../parts/sheet";
import { labelColumn } from "./columns";
import { useWorkspace } from "./context";
import { useEditing } from "./editing";
import { useClasses } from "./label-keys";

export function TableSheets() {
  const { table, readOnly } = useWorkspace();
  const [sheet, setSheet] = useState<"classes" | "column" | null>(null);
  const close = () => setSheet(null);
  useCommands(
    readOnly === null
      ? [
          ...(labelColumn(table)
            ? [{ id: "edit-classes", title: "Edit the classes", group: "Edit", run: () => setSheet("classes") }]
            : []),
          { id: "add-column", title: "Add a column", group: "Edit", run: () => setSheet("column") },
        ]
      : [],
  );
  return (
    <>
      <Sheet title="Classes" isOpen={sheet === "classes"} onClose={close} isWide>
        <Classes />
      </Sheet>
      <Sheet title="Add a column" isOpen={sheet === "column"} onClose={close}>
        <NewColumn onDone={close} />
      </Sheet>
    </>
  );
}

function Classes() {
  const { at, version, table } = useWorkspace();
  const editing = useEditing();
  const classes = useClasses();
  const label = labelColumn(table);
  const groups = useQuery({
    ...groupsOptions(at, version, label?.name ?? "", undefined, undefined, 10_000),
    enabled: label !== null,
  });
  const counts = new Map((groups.data?.values ?? []).map((group) => [String(group.value), group.count]));
  const [name, setName] = useState("");
  const add = (event: FormEvent) => {
    event.preventDefault();
    const edit: Edit = { kind: "class-add", table: table.name, name: name.trim() };
    void editing.apply([edit], `Added the class ${name.trim()}`).then((done) => done && setName(""));
  };
  return (
    <>
      <table className="list">
        <thead>
          <tr>
            <th>Class</th>
            <th className="number">Rows</th>
            <th>Rename</th>
            <th>Merge into</th>
          </tr>
        </thead>
        <tbody>
          {classes.map((one) => (
            <ClassLine key={one.value} {...one} rows={counts.get(one.value) ?? 0} others={classes} />
          ))}
        </tbody>
      </table>
      <form className="row-line class-add" onSubmit={add}>
        <input
          className="field"
          aria-label="Name of a new class"
          placeholder="new class"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button type="submit" className="button" disabled={name.trim() === ""}>
          Add the class
        </button>
      </form>
    </>
  );
}

interface ClassLineProps {
  value: string;
  name: string;
  rows: number;
  others: { value: string; name: string }[];
}

function ClassLine({ value, name, rows, others }: ClassLineProps) {
  const { table } = useWorkspace();
  const editing = useEditing();
  const [text, setText] = useState(name);
  const rename = () => {
    const next = text.trim();
    if (next === "" || next === name) return;
    void editing.apply(
      [{ kind: "class-rename", table: table.name, from: name, to: next }],
      `Renamed ${name} to ${next}`,
    );
  };
  const merge = (into: string) =>
    void editing.apply([{ kind: "class-merge", table: table.name, from: [name], into }], `Merged ${name} into ${into}`);
  return (
    <tr>
      <td>
        <bdi>{name}</bdi>
      </td>
      <td className="number">{count(rows)}</td>
      <td>
        <input
          className="field"
          aria-label={`New name of ${name}`}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={rename}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        />
      </td>
      <td>
        <select
          className="field"
          aria-label={`Merge ${name} into`}
          value=""
          onChange={(event) => merge(event.target.value)}
        >
          <option value="">—</option>
          {others
            .filter((one) => one.value !== value)
            .map((one) => (
              <option key={one.value}>{one.name}</option>
            ))}
        </select>
      </td>
    </tr>
  );
}

function NewColumn({ onDone }: { onDone(): void }) {
  const { table } = useWorkspace();
  const editing = useEditing();
  const [name, setName] = useState("");
  const [type, setType] = useState<"text" | "number" | "integer" | "flag">("number");
  const [expr, setExpr] = useState("");
  const add = (event: FormEvent) => {
    event.preventDefault();
    const column = name.trim();
    const edits: Edit[] = [{ kind: "add-column", table: table.name, column, type }];
    if (expr.trim()) {
      edits.push({ kind: "set", table: table.name, where: "TRUE", cells: { [column]: { expr: expr.trim() } } });
    }
    void editing.apply(edits, `Added the column ${column}`).then((done) => done && onDone());
  };
  return (
    <form className="commit-form" onSubmit={add}>
      <div className="row-line">
        <label className="labelled">
          <span>Name</span>
          <input className="field" value={name} onChange={(event) => setName(event.target.value)} />
        </label>
        <label className="labelled">
          <span>Holds</span>
          <select className="field" value={type} onChange={(event) => setType(event.target.value as typeof type)}>
            <option value="number">numbers</option>
            <option value="integer">whole numbers</option>
            <option value="text">text</option>
            <option value="flag">true and false</option>
          </select>
        </label>
      </div>
      <label className="labelled">
        <span>Computed by an SQL expression (may be empty)</span>
        <input
          className="field mono"
          value={expr}
          placeholder="width * height"
          spellCheck={false}
          onChange={(event) => setExpr(event.target.value)}
        />
      </label>
      <div className="row-line sheet-actions">
        <span className="quiet">The source's files stay as they are where their format has no such column.</span>
        <button type="submit" className="button first push" disabled={name.trim() === ""}>
          Add
        </button>
      </div>
    </form>
  );
}
