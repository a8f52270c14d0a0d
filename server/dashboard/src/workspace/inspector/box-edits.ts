/** What is done to the boxes of a picture: each deed is a step of the draft. */
import type { Row } from "../../api/contract";
import { type Box, clampTo, toCell } from "../../core/box";
import { counted } from "../../parts/amounts";
import { sayFailure } from "../../parts/toasts";
import { type Acceptance, acceptEdits, classOf } from "../box-acceptance";
import { areaCells, followedKeys } from "../box-area";
import type { ShownBox } from "../boxes";
import { type BoxSource, classText, classValue } from "../columns";
import { useWorkspace } from "../context";
import { useEditing } from "../editing";
import { placeOf } from "./box-place";

interface Boxes {
  source: BoxSource | null;
  row: Row;
  size: { width: number; height: number } | null;
  all: readonly ShownBox[];
  current: ShownBox | null;
}

export function useBoxEdits({ source, row, size, all, current }: Boxes) {
  const workspace = useWorkspace();
  const editing = useEditing();
  /** Of a box whose last edit is not read back yet, `wasResized` is what the edits before did. */
  const write = async (box: Box, label: string, wasResized = false): Promise<boolean> => {
    if (!source || !size || !current) return false;
    const { key, box: before } = current;
    const after = clampTo(box, size.width, size.height);
    const cell = toCell(source.form, after, size.width, size.height);
    try {
      const isResized = wasResized || after.width !== before.width || after.height !== before.height;
      const followed = isResized && (await followedKeys(workspace, source, [key])).has(key);
      const cells = { [source.box.name]: cell, ...(followed ? areaCells(source, cell) : {}) };
      return await editing.apply([{ kind: "set", table: source.table.name, keys: [key], cells }], label);
    } catch (error) {
      sayFailure(label, error);
      return false;
    }
  };
  const insert = async (box: Box) => {
    if (!source || !size) return;
    const cell = toCell(source.form, clampTo(box, size.width, size.height), size.width, size.height);
    const like = current ?? all[all.length - 1];
    const label = like?.label ?? source.label?.role.classes?.[0]?.[0] ?? null;
    try {
      const place = await placeOf(workspace, source, row, all);
      const cells = { [source.box.name]: cell, ...areaCells(source, cell), ...place };
      if (source.label && label !== null) {
        cells[source.label.name] = classOf(source.label, label);
      }
      await editing.apply([{ kind: "insert", table: source.table.name, cells }], "Drew a box");
    } catch (error) {
      sayFailure("Drawing the box", error);
    }
  };
  const relabel = (text: string) => {
    if (!source?.label || !current) return;
    const name = classText(source.label, text);
    void editing.apply(
      [
        {
          kind: "set",
          table: source.table.name,
          keys: [current.key],
          cells: { [source.label.name]: classValue(source.label, text) },
        },
      ],
      `Set a box to ${name}`,
    );
  };
  const remove = () => {
    if (!source || !current) return;
    void editing.apply([{ kind: "delete", table: source.table.name, keys: [current.key] }], "Deleted a box");
  };
  /** Makes predicted boxes true. */
  const accept = async (accepted: readonly Acceptance[]) => {
    if (!source || !size || accepted.length === 0) return;
    try {
      const place = accepted.some(({ truth }) => truth === null) ? await placeOf(workspace, source, row, all) : {};
      const label = `Accepted ${counted(accepted.length, "predicted box", "predicted boxes")}`;
      const keys = accepted.flatMap(({ truth }) => (truth ? [truth.key] : []));
      const followed = await followedKeys(workspace, source, keys);
      await editing.apply(acceptEdits(source, size, accepted, place, followed), label);
    } catch (error) {
      sayFailure("Accepting the predictions", error);
    }
  };
  return { write, insert, relabel, remove, accept };
}
