/** Predicted boxes made true: each takes the place of the box that it is, or is a new one where none is. */
import type { Cell, Edit, Row, TableColumn } from "../api/contract";
import { rowsOptions } from "../api/queries";
import { clampTo, toCell } from "../core/box";
import { matching } from "../core/matching";
import { areaCells, followedKeys } from "./box-area";
import type { BoxLimits } from "./box-limits";
import { inlineBoxes, linkSql, listedBoxes, type ShownBox, shownBoxes, sizeOf } from "./boxes";
import { type BoxSource, classValue, imageColumn, predictedBoxesColumn } from "./columns";
import type { Workspace } from "./context";
import { placeOf } from "./inspector/box-place";
import { selectedRows } from "./selected-rows";

interface Size {
  width: number;
  height: number;
}

export interface Acceptance {
  guess: ShownBox;
  /** The true box that it is. */
  truth: ShownBox | null;
}

/**
 * `place` is what a new box's row has to hold, `followed` are the keys of true boxes whose area follows them; without
 * a size boxes are taken as they are.
 */
export function acceptEdits(
  source: BoxSource,
  size: Size | null,
  accepted: readonly Acceptance[],
  place: Record<string, Cell>,
  followed: ReadonlySet<string>,
): Edit[] {
  return accepted.map(({ guess, truth }): Edit => {
    const box = size ? clampTo(guess.box, size.width, size.height) : guess.box;
    const cell = toCell(source.form, box, size?.width ?? 1, size?.height ?? 1);
    const area = truth === null || followed.has(truth.key) ? areaCells(source, cell) : {};
    const cells: Record<string, Cell> = { [source.box.name]: cell, ...area };
    if (source.label && guess.label !== null) cells[source.label.name] = classOf(source.label, guess.label);
    return truth
      ? { kind: "set", table: source.table.name, keys: [truth.key], cells }
      : { kind: "insert", table: source.table.name, cells: { ...cells, ...place } };
  });
}

export const classOf = (column: TableColumn, label: Cell) =>
  typeof label === "string" ? classValue(column, label) : label;

/** The edits that accept the predicted boxes of all selected rows; how many boxes and pictures that is. */
export async function acceptSelected(
  workspace: Workspace,
  source: BoxSource,
  { floor, least }: BoxLimits,
): Promise<{ edits: Edit[]; boxes: number; pictures: number }> {
  const column = predictedBoxesColumn(workspace.columns)?.name;
  if (column === undefined) return { edits: [], boxes: 0, pictures: 0 };
  const wanted = [column, source.inline, source.of, imageColumn(workspace.table)?.name, "width", "height"];
  const known = wanted.filter((name) => workspace.columns.some((one) => one.name === name)) as string[];
  const found = { edits: [] as Edit[], boxes: 0, pictures: 0 };
  for (const row of await selectedRows(workspace, [...new Set(known)])) {
    const size = sizeOf(row);
    const guesses = listedBoxes(source.label, row, column, size).filter(({ confidence }) => (confidence ?? 1) >= floor);
    if (guesses.length === 0) continue;
    if (size === null && (source.form === "box-cxcywhn") !== isShare(row, column)) {
      throw new Error("boxes in pixels and in shares of a picture cannot be compared without the picture's size");
    }
    const truths = await trueBoxes(workspace, source, row, size);
    const { truths: of } = matching(truths, guesses, least);
    const place = of.includes(-1) ? await placeOf(workspace, source, row, truths) : {};
    const accepted = guesses.map((guess, i) => ({ guess, truth: truths[of[i]] ?? null }));
    // Boxes in shares were read as those of a picture of this side; they are written back as such.
    const keys = accepted.flatMap(({ truth }) => (truth ? [truth.key] : []));
    const followed = await followedKeys(workspace, source, keys);
    found.edits.push(...acceptEdits(source, size ?? guesses[0].image, accepted, place, followed));
    found.boxes += guesses.length;
    found.pictures++;
  }
  return found;
}

function isShare(row: Row, column: string): boolean {
  const cell = row[column];
  return Array.isArray(cell) && cell.some((one) => (one as { form?: Cell } | null)?.form === "cxcywhn");
}

async function trueBoxes(
  { at, version, client }: Workspace,
  source: BoxSource,
  row: Row,
  size: Size | null,
): Promise<readonly ShownBox[]> {
  if (source.inline) return inlineBoxes(source, row, size);
  const where = linkSql(source, [row]);
  if (where === undefined) return [];
  const boxesAt = { dataset: at.dataset, ref: at.ref, table: source.table.name };
  const page = await client.fetchQuery(rowsOptions(boxesAt, version, { where, offset: 0, limit: 10_000 }));
  return shownBoxes(source, page.rows as Row[], size);
}
