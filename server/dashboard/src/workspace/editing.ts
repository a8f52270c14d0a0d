/** What a person does to rows: one function for each deed, with its undo in the message. */
import { useCallback, useMemo } from "react";
import { body, service } from "../api/client";
import type { Cell, CellEdit, Edit, Row } from "../api/contract";
import { DraftMoved, Drafts } from "../api/drafts";
import { isUnreachable } from "../api/problem";
import { joinQuery } from "../api/urls";
import { counted } from "../parts/amounts";
import { say, sayEdited, sayFailure } from "../parts/toasts";
import { classValue, labelColumn, predictedColumn } from "./columns";
import { useWorkspace, type Workspace } from "./context";
import { useFocus } from "./focus";
import { columnsText } from "./page-columns";
import { rowAt } from "./row-at";
import { type Target, targetsOf, useSelection } from "./selection";
import { edited } from "./versions";

/** Keys read at once when a condition has to be turned into rows. */
const PAGE = 10_000;

export interface Editing {
  /** Null where edits are allowed. */
  refused: string | null;
  apply(edits: Edit[], label: string): Promise<boolean>;
  /** Sets cells of the selected rows, or of the focused one where none is selected. */
  setCells(cells: Record<string, CellEdit>, label: string): Promise<boolean>;
  acceptPredictions(): Promise<boolean>;
  deleteRows(): Promise<boolean>;
  include(isIn: boolean): Promise<boolean>;
  undo(): Promise<void>;
  redo(): Promise<void>;
}

export function useEditing(): Editing {
  const workspace = useWorkspace();
  const drafts = useMemo(() => new Drafts(workspace.client), [workspace.client]);
  const { dataset, branch, readOnly, table, at } = workspace;

  /** Whether a condition speaks of a joined run's columns. */
  const isOfRun = (where: string) => [at.run, at.run2].some((run) => run !== undefined && where.includes(`${run}.`));

  const step = useCallback(
    async (way: "undo" | "redo") => {
      if (branch === null) return;
      const { draft } = workspace;
      const what = way === "undo" ? draft?.can_undo : draft?.can_redo;
      if (what === null || what === undefined) {
        say(`Nothing to ${way}`);
        return;
      }
      try {
        await drafts[way]({ dataset, branch });
        say(`${way === "undo" ? "Undone" : "Done again"}: ${what}`);
      } catch (error) {
        sayFailure(way === "undo" ? "Undo" : "Redo", error);
      }
    },
    [drafts, dataset, branch, workspace],
  );

  const apply = async (edits: Edit[], label: string) => {
    if (readOnly !== null || branch === null) {
      say(readOnly ?? "Nothing can be edited here");
      return false;
    }
    if (edits.length === 0) return false;
    try {
      const draft = await drafts.edit({ dataset, branch }, edits, label);
      edited(edits, draft.etag);
      sayEdited(label, () => void drafts.undo({ dataset, branch }).catch((error) => sayFailure("Undo", error)));
      return true;
    } catch (error) {
      sayFailure(
        label,
        error,
        error instanceof DraftMoved || isUnreachable(error)
          ? { title: "Apply it now", run: () => void apply(edits, label) }
          : undefined,
      );
      return false;
    }
  };

  const targets = async (): Promise<{ targets: Target[]; count: number }> => {
    const selection = useSelection.getState();
    if (selection.count > 0) {
      return {
        targets: await targetsOf(selection, isOfRun, async (where) => readRows(workspace, where)),
        count: selection.count,
      };
    }
    const { key } = useFocus.getState();
    return key === null ? { targets: [], count: 0 } : { targets: [{ keys: [key] }], count: 1 };
  };

  /** `make` gives the edit of one target. */
  const toTargets = async (make: (target: Target) => Edit, label: (rows: string) => string) => {
    try {
      const found = await targets();
      if (found.count === 0) {
        say("No row is selected");
        return false;
      }
      return await apply(found.targets.map(make), label(counted(found.count, "row")));
    } catch (error) {
      sayFailure("Reading the selected rows", error);
      return false;
    }
  };

  /** Sets the class of each selected row to what the run predicted for it. */
  const acceptPredictions = async () => {
    const label = labelColumn(table);
    const predicted = predictedColumn(workspace.columns);
    if (!label?.editable || !predicted) {
      say("There is no class to set, or no prediction to set it to");
      return false;
    }
    try {
      const selection = useSelection.getState();
      const { key, row } = useFocus.getState();
      const rows: ReadRow[] = [];
      if (selection.count === 0 && key !== null && row !== null) {
        const found = await rowAt(workspace, row);
        if (found) rows.push({ row, key, value: found[predicted.name] ?? null });
      } else if (selection.mask) {
        const { mask, where, clicked } = selection;
        const isOnlyClicked = where === null && clicked.size <= 200;
        if (isOnlyClicked) {
          const clickedRows = await Promise.all([...clicked.keys()].map((one) => rowAt(workspace, one)));
          for (const one of clickedRows)
            if (one) rows.push({ row: one._row, key: one._key, value: one[predicted.name] ?? null });
        } else {
          const all = await readRows(workspace, clicked.size > 0 || where === null ? "TRUE" : where, predicted.name);
          rows.push(...all.filter((one) => mask.get(one.row)));
        }
      }
      const byValue = Map.groupBy(
        rows.filter(({ value }) => value !== null),
        ({ value }) => value,
      );
      const edits = [...byValue].map(([value, same]): Edit => {
        const cells = { [label.name]: classValue(label, String(value)) };
        return { kind: "set", table: table.name, keys: same.map((one) => one.key), cells };
      });
      const count = rows.filter(({ value }) => value !== null).length;
      if (count === 0) {
        say("No selected row has a prediction");
        return false;
      }
      return await apply(edits, `Accepted the predictions of ${counted(count, "row")}`);
    } catch (error) {
      sayFailure("Accepting the predictions", error);
      return false;
    }
  };

  return {
    refused: readOnly,
    acceptPredictions,
    apply,
    setCells: (cells, label) =>
      toTargets(
        (target) => ({ kind: "set", table: table.name, ...target, cells }),
        (rows) => `${label}: ${rows}`,
      ),
    deleteRows: () =>
      toTargets(
        (target) => ({ kind: "delete", table: table.name, ...target }),
        (rows) => `Deleted ${rows}`,
      ),
    include: (isIn) =>
      toTargets(
        (target) => ({ kind: isIn ? "include" : "exclude", table: table.name, ...target }),
        (rows) => `${isIn ? "Included" : "Excluded"} ${rows}`,
      ),
    undo: () => step("undo"),
    redo: () => step("redo"),
  };
}

interface ReadRow {
  row: number;
  key: string;
  /** The cell of the column that was asked for. */
  value: Cell;
}

/** Keys and places of all rows where a condition holds, with the cells of one column. */
async function readRows({ at, table }: Workspace, where: string, column?: string): Promise<ReadRow[]> {
  const name = column ?? table.columns[0]?.name;
  const columns = name && columnsText([name]);
  const found: ReadRow[] = [];
  const path = { dataset: at.dataset, ref: at.ref, table: at.table };
  for (let offset = 0; ; offset += PAGE) {
    const query = { where, offset, limit: PAGE, columns, ...joinQuery(at) };
    const page = body(
      await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/rows", { params: { path, query } }),
    );
    for (const row of page.rows as Row[]) found.push({ row: row._row, key: row._key, value: row[name ?? ""] ?? null });
    if (page.rows.length === 0 || found.length >= page.matched) return found;
  }
}
