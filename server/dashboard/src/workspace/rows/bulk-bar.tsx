/** What can be done to all selected rows at once; it says how many that is before it is done. */
import { type FormEvent, useState } from "react";
import { count, counted } from "../../parts/amounts";
import { ClassOptions } from "../../parts/class-options";
import { say } from "../../parts/toasts";
import { classValue, isNumber, labelColumn, predictedBoxesColumn, predictedColumn, weightColumn } from "../columns";
import { useWorkspace } from "../context";
import { useEditing } from "../editing";
import { useClasses } from "../label-keys";
import { useSelection } from "../selection";
import { parseCell } from "./cell-text";

export function BulkBar() {
  const selected = useSelection((state) => state.count);
  const { readOnly } = useWorkspace();
  if (selected === 0) return null;
  return (
    <div className="bulk-bar" role="toolbar" aria-label={`${count(selected)} selected rows`}>
      <strong>{counted(selected, "row")}</strong>
      {readOnly === null ? <Deeds /> : <span className="quiet">{readOnly}</span>}
    </div>
  );
}

function Deeds() {
  const { table, at, columns } = useWorkspace();
  const editing = useEditing();
  const classes = useClasses();
  const label = labelColumn(table);
  const editable = table.columns.filter((column) => column.editable);
  const [name, setName] = useState((label ?? editable[0])?.name ?? "");
  const [text, setText] = useState("");
  const column = editable.find((one) => one.name === name);
  const set = (event: FormEvent) => {
    event.preventDefault();
    if (!column) return;
    if (text.startsWith("=")) {
      void editing.setCells({ [column.name]: { expr: text.slice(1).trim() } }, `Set ${column.name} ${text}`);
      return;
    }
    const known = column === label ? classes.find((one) => one.name === text)?.value : undefined;
    const value = known !== undefined ? classValue(column, known) : parseCell(column, text);
    if (value === undefined) return say(`“${text}” is no ${column.type} for ${column.name}`);
    void editing.setCells({ [column.name]: value }, `Set ${column.name} to ${text || "null"}`);
  };
  const addWeight = async () => {
    const added = await editing.apply(
      [{ kind: "add-column", table: at.table, column: "weight", type: "number" }],
      "Added the column weight",
    );
    if (added) setName("weight");
  };
  return (
    <>
      <form className="row-line" onSubmit={set}>
        <select
          className="field"
          aria-label="Column to set"
          value={name}
          onChange={(event) => setName(event.target.value)}
        >
          {editable.map((one) => (
            <option key={one.name}>{one.name}</option>
          ))}
        </select>
        <input
          className="field"
          list="bulk-values"
          aria-label={`Value for ${name}`}
          placeholder={column && isNumber(column) ? "value, or =weight * 2" : "value"}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {column === label && <ClassOptions id="bulk-values" names={classes.map((one) => one.name)} text={text} />}
        <button type="submit" className="button first" disabled={!column || (text === "" && !column.nullable)}>
          Set
        </button>
      </form>
      {!weightColumn(table) && !table.columns.some((one) => one.name === "weight") && (
        <button type="button" className="button" onClick={() => void addWeight()}>
          Add weights
        </button>
      )}
      {((predictedColumn(columns) && label?.editable) || predictedBoxesColumn(columns)) && (
        <button
          type="button"
          className="button"
          title="Accept the predictions (A)"
          onClick={() => void editing.acceptPredictions()}
        >
          Accept predictions
        </button>
      )}
      <button type="button" className="button" onClick={() => void editing.include(false)}>
        Exclude
      </button>
      <button type="button" className="button" onClick={() => void editing.include(true)}>
        Include
      </button>
      <button type="button" className="button danger" title="Delete (X)" onClick={() => void editing.deleteRows()}>
        Delete
      </button>
    </>
  );
}
