/** A picture's boxes as numbers of its row: what rows are sorted, filtered and coloured by. */
import { iou } from "./box";
import { type Guess, matching, type Named } from "./matching";

export interface PictureMeasures {
  /** Of the true box that is covered worst, how much its best predicted box covers it; null without a true box. */
  box_iou: number | null;
  /** Predicted boxes that are right in place and class. */
  box_tp: number;
  /** Predicted boxes that are not. */
  box_fp: number;
  /** True boxes that none is right about. */
  box_fn: number;
  /** Mean area of the true boxes; null without one. */
  box_area: number | null;
}

/** Two boxes are the same from `least` intersection over union on. */
export function measurePicture(truths: readonly Named[], guesses: readonly Guess[], least: number): PictureMeasures {
  const { right } = matching(truths, guesses, least);
  const best = truths.map(({ box }) => guesses.reduce((most, guess) => Math.max(most, iou(box, guess.box)), 0));
  const area = truths.reduce((sum, { box }) => sum + box.width * box.height, 0);
  return {
    box_iou: truths.length === 0 ? null : Math.min(...best),
    box_tp: right,
    box_fp: guesses.length - right,
    box_fn: truths.length - right,
    box_area: truths.length === 0 ? null : area / truths.length,
  };
}
