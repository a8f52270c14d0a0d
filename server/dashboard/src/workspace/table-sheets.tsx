/** Sheets that change the table itself: its classes, and columns of our own. */
import { type FormEvent, lazy, Suspense, useState } from "react";
import type { Edit } from "../api/contract";
import { useCommands } from "../app/commands";
import { Sheet } from "../parts/sheet";
import { Loading } from "../parts/states";
import { labelColumn } from "./columns";
import { useWorkspace } from "./context";
import { useEditing } from "./editing";

const ClassSheet = lazy(() => import("./class-sheet"));

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
        <Suspense fallback={<Loading what="the classes" />}>
          <ClassSheet />
        </Suspense>
      </Sheet>
      <Sheet title="Add a column" isOpen={sheet === "column"} onClose={close}>
        <NewColumn onDone={close} />
      </Sheet>
    </>
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
