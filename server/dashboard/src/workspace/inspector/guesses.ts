/** What a run has predicted of the boxes of a picture, and which true box each one is. */
import { useMemo } from "react";
import type { Row } from "../../api/contract";
import { type Matching, matching } from "../../core/matching";
import { type BoxLimits, useBoxLimits } from "../box-limits";
import { listedBoxes, type ShownBox } from "../boxes";
import { type BoxSource, predictedBoxesColumn } from "../columns";
import { useWorkspace } from "../context";

export interface Guesses extends BoxLimits {
  /** Null where the shown run has predicted no boxes. */
  run: string | null;
  /** Those that are sure enough. */
  shown: readonly ShownBox[];
  /** How many there are in all. */
  count: number;
  matching: Matching;
}

export function useGuesses(
  source: BoxSource | null,
  row: Row,
  size: { width: number; height: number } | null,
  truths: readonly ShownBox[],
  isHidden: (label: string) => boolean,
): Guesses {
  const { columns, run } = useWorkspace();
  const column = predictedBoxesColumn(columns)?.name ?? null;
  const { floor, least } = useBoxLimits();
  const label = source?.label ?? null;
  const all = useMemo(
    () => (column !== null && size ? listedBoxes(label, row, column, size) : []),
    [column, label, row, size],
  );
  const shown = useMemo(
    () => all.filter((guess) => (guess.confidence ?? 1) >= floor && !isHidden(String(guess.label))),
    [all, floor, isHidden],
  );
  return {
    run: column === null ? null : (run?.name ?? null),
    shown,
    count: all.length,
    matching: useMemo(() => matching(truths, shown, least), [truths, shown, least]),
    floor,
    least,
  };
}
