/** Free text: what it contains, or a regular expression. */
import { type FormEvent, useState } from "react";
import type { TableColumn } from "../../api/contract";
import { addClause, useWorkspace } from "../context";

export function TextFacet({ column }: { column: TableColumn }) {
  const { filter } = useWorkspace();
  const [text, setText] = useState("");
  const [isPattern, setPattern] = useState(false);
  const refusal = isPattern ? refusalOf(text) : null;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text === "" || refusal) return;
    addClause(filter, {
      condition: { kind: "text", column: column.name, text, how: isPattern ? "matches" : "contains" },
    });
    setText("");
  };
  return (
    <form className="facet-body" onSubmit={send}>
      <div className="row-line">
        <input
          className="field"
          type="search"
          aria-label={`${column.name} ${isPattern ? "matches" : "contains"}`}
          placeholder={isPattern ? "matches" : "contains"}
          aria-invalid={refusal !== null}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button
          type="button"
          className="button icon mono"
          aria-pressed={isPattern}
          aria-label="Regular expression"
          title="Regular expression"
          onClick={() => setPattern(!isPattern)}
        >
          .*
        </button>
      </div>
      {refusal && <p className="badge bad">{refusal}</p>}
      {column.nullable && (
        <button
          type="button"
          className="button plain"
          onClick={() => addClause(filter, { condition: { kind: "null", column: column.name } })}
        >
          is null
        </button>
      )}
    </form>
  );
}

function refusalOf(pattern: string): string | null {
  try {
    new RegExp(pattern);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
