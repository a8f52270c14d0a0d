/** What a person does to rows: one function for each deed, with its undo in the message. */
import { useCallback, useMemo } from "react";
import type { CellEdit, Edit } from "../api/contract";
import { DraftMoved, Drafts } from "../api/drafts";
import { isUnreachable } from "../api/problem";
import { counted } from "../parts/amounts";
import { say, sayEdited, sayFailure } from "../parts/toasts";
import { acceptSelected } from "./box-acceptance";
import { useBoxLimits } from "./box-limits";
import { useBoxSource } from "./boxes";
import { type BoxSource, classValue, labelColumn, predictedBoxesColumn, predictedColumn } from "./columns";
import { useWorkspace } from "./context";
import { useFocus } from "./focus";
import { readRows, selectedRows } from "./selected-rows";
import { type Target, targetsOf, useSelection } from "./selection";
import { edited } from "./versions";

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
  const boxes = useBoxSource();
  const limits = useBoxLimits();

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
        targets: await targetsOf(selection, isOfRun, async (where) =>
          (await readRows(workspace, where)).map(({ _row, _key }) => ({ row: _row, key: _key })),
        ),
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

  /** Sets the class of each selected row to what the run predicted for it, or makes its predicted boxes true. */
  const acceptPredictions = async () => {
    const label = labelColumn(table);
    const predicted = predictedColumn(workspace.columns);
    try {
      if (boxes && predictedBoxesColumn(workspace.columns)) return await acceptBoxes(boxes);
      if (!label?.editable || !predicted) {
        say("There is no class to set, or no prediction to set it to");
        return false;
      }
      const rows = (await selectedRows(workspace, [predicted.name])).filter((row) => row[predicted.name] !== null);
      if (rows.length === 0) {
        say("No selected row has a prediction");
        return false;
      }
      const byValue = Map.groupBy(rows, (row) => row[predicted.name]);
      const edits = [...byValue].map(([value, same]): Edit => {
        const cells = { [label.name]: classValue(label, String(value)) };
        return { kind: "set", table: table.name, keys: same.map(({ _key }) => _key), cells };
      });
      return await apply(edits, `Accepted the predictions of ${counted(rows.length, "row")}`);
    } catch (error) {
      sayFailure("Accepting the predictions", error);
      return false;
    }
  };
  const acceptBoxes = async (source: BoxSource) => {
    const { edits, boxes: count, pictures } = await acceptSelected(workspace, source, limits);
    if (count === 0) {
      say("No selected picture has a predicted box that is sure enough");
      return false;
    }
    const what = counted(count, "predicted box", "predicted boxes");
    return apply(edits, `Accepted ${what} of ${counted(pictures, "picture")}`);
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
