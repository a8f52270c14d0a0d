/**
 * The selected rows: a mask for the eyes, and beside it what the service is told when they are edited:
 * conditions for what was drawn around, keys for what was clicked. Keys of a million rows never travel.
 */
import { create } from "zustand";
import { Bitmask } from "../core/bitmask";

export type Verb = "replace" | "add" | "subtract";

export interface SelectionState {
  /** Null: nothing is selected. */
  mask: Bitmask | null;
  count: number;
  /** What is true of the rows that were drawn around. */
  where: string | null;
  /** Rows that were clicked: `_row` to key. */
  clicked: ReadonlyMap<number, string>;
  /** Rows that were taken out again by a click. */
  dropped: ReadonlyMap<number, string>;
}

export const NOTHING: SelectionState = { mask: null, count: 0, where: null, clicked: new Map(), dropped: new Map() };

export const useSelection = create<SelectionState>(() => NOTHING);

export const clearSelection = () => useSelection.setState(NOTHING);

/** Selects what a condition is true of; `mask` says the same. */
export function byCondition(now: SelectionState, verb: Verb, mask: Bitmask, where: string): SelectionState {
  const before = verb !== "replace" && now.mask?.length === mask.length ? now : NOTHING;
  if (verb === "subtract") {
    if (!before.mask) return NOTHING;
    const outside = (rows: ReadonlyMap<number, string>) => new Map([...rows].filter(([row]) => !mask.get(row)));
    return counted({
      mask: before.mask.andNot(mask),
      where: before.where && `(${before.where}) AND (${where}) IS NOT TRUE`,
      clicked: outside(before.clicked),
      dropped: outside(before.dropped),
    });
  }
  return counted({
    mask: before.mask ? before.mask.or(mask) : mask,
    where: before.where ? `(${before.where}) OR (${where})` : where,
    clicked: before.clicked,
    dropped: new Map([...before.dropped].filter(([row]) => !mask.get(row))),
  });
}

/** Selects rows by their keys. */
export function byKeys(
  now: SelectionState,
  verb: Verb | "toggle",
  rows: readonly { row: number; key: string }[],
  total: number,
): SelectionState {
  const before = verb !== "replace" && now.mask?.length === total ? now : NOTHING;
  const mask = before.mask?.clone() ?? new Bitmask(total);
  const clicked = new Map(before.clicked);
  const dropped = new Map(before.dropped);
  for (const { row, key } of rows) {
    const isOn = verb === "toggle" ? !mask.get(row) : verb !== "subtract";
    mask.set(row, isOn);
    if (isOn && !dropped.delete(row)) clicked.set(row, key);
    if (!isOn && !clicked.delete(row)) dropped.set(row, key);
  }
  return counted({ mask, where: before.where, clicked, dropped });
}

function counted(state: Omit<SelectionState, "count">): SelectionState {
  const count = state.mask?.count() ?? 0;
  return count === 0 ? NOTHING : { ...state, count };
}

export type Target = { keys: string[] } | { where: string };

/**
 * What an edit of the selection names. Where some drawn rows were clicked out, or the condition speaks of what a
 * run measured (which the draft does not know), the keys have to be read first: `readKeys` gives the key and row
 * of each row where a condition holds.
 */
export async function targetsOf(
  { where, clicked, dropped }: SelectionState,
  isOfRun: (where: string) => boolean,
  readKeys: (where: string) => Promise<{ row: number; key: string }[]>,
): Promise<Target[]> {
  const targets: Target[] = [];
  if (where !== null && (dropped.size > 0 || isOfRun(where))) {
    const kept = (await readKeys(where)).filter(({ row }) => !dropped.has(row));
    targets.push({ keys: kept.map(({ key }) => key) });
  } else if (where !== null) {
    targets.push({ where });
  }
  if (clicked.size > 0) targets.push({ keys: [...clicked.values()] });
  return targets;
}
