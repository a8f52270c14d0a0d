/** What a person does to rows: one function for each deed, with its undo in the message. */
import { useCallback, useMemo } from "react";
import { body, service } from "../api/client";
import type { CellEdit, Edit, Row } from "../api/contract";
import { DraftMoved, Drafts } from "../api/drafts";
import { joinQuery } from "../api/urls";
import { counted } from "../parts/amounts";
import { say, sayFailure } from "../parts/toasts";
import { useWorkspace, type Workspace } from "./context";
import { useFocus } from "./focus";
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
  deleteRows(): Promise<boolean>;
  include(isIn: boolean): Promise<boolean>;
  undo(): Promise<void>;
  redo(): Promise<void>;
}

export function useEditing(): Editing {
  const workspace = useWorkspace();
  const drafts = useMemo(() => new Drafts(workspace.client), [workspace.client]);
  const { dataset, branch, readOnly, table } = workspace;

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
      say(label, {
        title: "Undo",
        run: () => void drafts.undo({ dataset, branch }).catch((error) => sayFailure("Undo", error)),
      });
      return true;
    } catch (error) {
      sayFailure(
        label,
        error,
        error instanceof DraftMoved ? { title: "Apply it now", run: () => void apply(edits, label) } : undefined,
      );
      return false;
    }
  };

  const targets = async (): Promise<{ targets: Target[]; count: number }> => {
    const selection = useSelection.getState();
    if (selection.count > 0) {
      return { targets: await targetsOf(selection, (where) => readKeys(workspace, where)), count: selection.count };
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

  return {
    refused: readOnly,
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

/** Keys and places of all rows where a condition holds. */
async function readKeys({ at, table }: Workspace, where: string): Promise<{ row: number; key: string }[]> {
  const found: { row: number; key: string }[] = [];
  const path = { dataset: at.dataset, ref: at.ref, table: at.table };
  for (let offset = 0; ; offset += PAGE) {
    const query = { where, offset, limit: PAGE, columns: table.columns[0]?.name, ...joinQuery(at) };
    const page = body(
      await service.GET("/v1/datasets/{dataset}/at/{ref}/tables/{table}/rows", { params: { path, query } }),
    );
    for (const row of page.rows as Row[]) found.push({ row: row._row, key: row._key });
    if (page.rows.length === 0 || found.length >= page.matched) return found;
  }
}
