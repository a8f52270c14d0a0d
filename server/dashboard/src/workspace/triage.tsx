/** The most suspicious rows one by one, large: a key decides and goes on. */
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import type { Row } from "../api/contract";
import { rowsOptions } from "../api/queries";
import { useCommands } from "../app/commands";
import { setQuery, usePlace } from "../app/location";
import { quoteName } from "../core/sql-text";
import { count } from "../parts/amounts";
import { ClassOptions } from "../parts/class-options";
import { Empty, Failure, Loading } from "../parts/states";
import { say } from "../parts/toasts";
import {
  classText,
  classValue,
  confidenceColumn,
  imageColumn,
  isNumber,
  labelColumn,
  lossColumn,
  predictedColumn,
} from "./columns";
import { useWorkspace } from "./context";
import { useEditing } from "./editing";
import { focusRow } from "./focus";
import { Fields } from "./inspector/fields";
import Picture from "./inspector/picture";
import { useClasses } from "./label-keys";
import { readable } from "./page-columns";
import { rowAtOptions } from "./row-at";
import { cellText } from "./rows/cell-text";
import { orderText } from "./rows/order";

const QUEUE = 500;

type Suspicion = "loss" | "mistakes" | "disagreement";

export default function Triage() {
  const { at, version, where, columns, table } = useWorkspace();
  const { query } = usePlace();
  const loss = lossColumn(columns);
  const predicted = predictedColumn(columns);
  const confidence = confidenceColumn(columns);
  const label = labelColumn(table);
  const wanted = (query.get("suspicion") ?? "loss") as Suspicion;
  const [fixed, setFixed] = useState<{ ids: Row[]; queue: string } | null>(null);
  const byMistake = label && predicted ? `${quoteName(label.name)} <> ${quoteName(predicted.name)}` : undefined;
  const isMistakes = wanted === "mistakes" && byMistake !== undefined && confidence !== null;
  const isDisagreement = wanted === "disagreement" && byMistake !== undefined;
  const order =
    isMistakes && confidence
      ? orderText([{ column: confidence.name, isDescending: true }])
      : loss
        ? orderText([{ column: loss.name, isDescending: true }])
        : undefined;
  const condition =
    [where, isMistakes || isDisagreement ? byMistake : undefined]
      .filter(Boolean)
      .map((one) => `(${one})`)
      .join(" AND ") || undefined;
  const queue = JSON.stringify([at.dataset, at.table, at.run, at.epoch, order, condition]);
  const asked = useQuery({
    ...rowsOptions(at, version, { where: condition, order, columns: readable(columns), offset: 0, limit: QUEUE }),
    enabled: order !== undefined,
  });
  // The queue stays as it was when it was opened: an edit must not shuffle what is to come.
  if (asked.data && fixed?.queue !== queue) setFixed({ ids: asked.data.rows as Row[], queue });
  if (order === undefined) {
    return (
      <Empty title="There is nothing to be suspicious by">
        Triage orders rows by loss or by confident mistakes. Choose a run above whose metrics say so.
        <button type="button" className="button" onClick={() => setQuery({ mode: null })}>
          Back to the workspace
        </button>
      </Empty>
    );
  }
  if (asked.error) return <Failure error={asked.error} what="The queue" onRetry={() => void asked.refetch()} />;
  if (!fixed || fixed.queue !== queue) return <Loading what="the queue" />;
  if (fixed.ids.length === 0) return <Empty title="No row is suspicious by this measure" />;
  return (
    <div className="triage">
      <div className="rows-bar">
        <label className="row-line">
          Most suspicious by
          <select
            className="field"
            value={wanted}
            onChange={(event) => setQuery({ suspicion: event.target.value, at: null })}
          >
            {loss && <option value="loss">loss</option>}
            {byMistake && confidence && <option value="mistakes">confident mistakes</option>}
            {byMistake && <option value="disagreement">disagreement</option>}
          </select>
        </label>
        <button type="button" className="button push" onClick={() => setQuery({ mode: null, at: null })}>
          Back to the workspace (T)
        </button>
      </div>
      <Queue rows={fixed.ids} matched={asked.data?.matched ?? fixed.ids.length} />
    </div>
  );
}

function Queue({ rows, matched }: { rows: Row[]; matched: number }) {
  const workspace = useWorkspace();
  const { query } = usePlace();
  const editing = useEditing();
  const classes = useClasses();
  const { table, columns } = workspace;
  const label = labelColumn(table);
  const predicted = predictedColumn(columns);
  const place = Math.min(rows.length, Math.max(0, Number(query.get("at")) || 0));
  const old = rows[place];
  const now = useQuery({
    ...rowAtOptions(workspace, old?._row ?? 0),
    enabled: old !== undefined,
  });
  const fresh = now.data?.rows[0] as Row | undefined;
  const row = fresh && fresh._key === old?._key ? fresh : old;
  const key = row?._key ?? null;
  const at = row?._row ?? null;
  useEffect(() => {
    if (key !== null) focusRow(key, at);
  }, [key, at]);
  const go = (by: number) => setQuery({ at: String(Math.min(rows.length, Math.max(0, place + by))) }, true);
  const decide = async (value: string, name: string) => {
    if (!label || !row) return;
    const cells = { [label.name]: classValue(label, value) };
    const isSame = String(row[label.name]) === value;
    if (
      isSame ||
      (await editing.apply(
        [{ kind: "set", table: table.name, keys: [row._key], cells }],
        `Set ${label.name} to ${name}`,
      ))
    )
      go(1);
  };
  const guess = predicted && row ? row[predicted.name] : null;
  // The model's own choice first: it is right more often than any other.
  const ordered =
    guess === null || guess === undefined
      ? classes
      : [
          ...classes.filter(({ value }) => value === String(guess)),
          ...classes.filter(({ value }) => value !== String(guess)),
        ];
  const canEdit = label?.editable === true && editing.refused === null;
  useCommands([
    { id: "triage-next", title: "Skip: leave as it is", group: "Triage", keys: "S ArrowRight J", run: () => go(1) },
    { id: "triage-back", title: "Back", group: "Triage", keys: "ArrowLeft K", run: () => go(-1) },
    {
      id: "triage-undo",
      title: "Undo and go back",
      group: "Triage",
      keys: "U",
      run: () => void editing.undo().then(() => go(-1)),
    },
    ...(canEdit
      ? ordered.slice(0, 9).map(({ value, name }, i) => ({
          // Takes the place of the command that sets the selected rows.
          id: `label-${i + 1}`,
          title: `Decide: ${name}`,
          group: "Triage",
          keys: String(i + 1),
          run: () => void decide(value, name),
        }))
      : []),
  ]);
  if (!row) {
    return (
      <Empty title={`All ${count(rows.length)} are decided`}>
        {matched > rows.length && <p>{count(matched - rows.length)} less suspicious rows were not in this queue.</p>}
        <button type="button" className="button" onClick={() => setQuery({ at: null })}>
          From the beginning
        </button>
      </Empty>
    );
  }
  const numbers = columns.filter((column) => column.name.includes(".") && isNumber(column));
  return (
    <div className="triage-body">
      <div className="triage-picture">{imageColumn(table) ? <Picture row={row} /> : <Fields row={row} />}</div>
      <div className="triage-side">
        <p aria-live="polite">
          <strong>{count(place + 1)}</strong> of {count(rows.length)}
          {matched > rows.length ? ` (the most suspicious of ${count(matched)})` : ""}
        </p>
        <progress max={rows.length} value={place} aria-label="Decided" />
        <p className="mono quiet">{row._key}</p>
        {label && (
          <p>
            {label.name}: <strong>{classText(label, row[label.name])}</strong>
            {guess !== null && guess !== undefined && predicted && (
              <>
                , predicted <strong>{classText(predicted, guess)}</strong>
              </>
            )}
          </p>
        )}
        <dl className="fields">
          {numbers.map((column) => (
            <div key={column.name}>
              <dt>{column.name}</dt>
              <dd>{cellText(column, row[column.name])}</dd>
            </div>
          ))}
        </dl>
        {canEdit ? (
          <ol className="triage-classes">
            {ordered.slice(0, 9).map(({ value, name }, i) => (
              <li key={value}>
                <button
                  type="button"
                  className={String(row[label.name]) === value ? "button is-on" : "button"}
                  onClick={() => void decide(value, name)}
                >
                  <kbd>{i + 1}</kbd> <bdi>{name}</bdi>
                </button>
              </li>
            ))}
            {ordered.length > 9 && (
              <li>
                <OtherClass key={row._key} classes={ordered} onDecide={({ value, name }) => void decide(value, name)} />
              </li>
            )}
          </ol>
        ) : (
          <p className="quiet">{editing.refused ?? "This table has no class that can be set"}</p>
        )}
        <div className="row-line">
          <button type="button" className="button" onClick={() => go(-1)}>
            Back
          </button>
          <button type="button" className="button first" onClick={() => go(1)}>
            Skip <kbd>S</kbd>
          </button>
        </div>
      </div>
    </div>
  );
}

/** Classes beyond those that have a key. */
function OtherClass({
  classes,
  onDecide,
}: {
  classes: readonly { value: string; name: string }[];
  onDecide(one: { value: string; name: string }): void;
}) {
  const [text, setText] = useState("");
  const send = (event: FormEvent) => {
    event.preventDefault();
    const one = classes.find(({ name }) => name === text.trim());
    if (one) onDecide(one);
    else say(`There is no class “${text.slice(0, 60)}”`);
  };
  return (
    <form onSubmit={send}>
      <input
        className="field"
        list="triage-others"
        aria-label="Another class"
        placeholder={`one of all ${count(classes.length)}`}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <ClassOptions id="triage-others" names={classes.map(({ name }) => name)} text={text} />
    </form>
  );
}
