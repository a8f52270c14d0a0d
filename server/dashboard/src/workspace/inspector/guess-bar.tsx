/** What the predictions of a picture come to, and the way to make them true. */
import { counted } from "../../parts/amounts";
import { setBoxLimits } from "../box-limits";
import type { ShownBox } from "../boxes";
import type { Guesses } from "./guesses";

interface Props {
  guesses: Guesses;
  /** The one in hand. */
  current: ShownBox | null;
  canEdit: boolean;
  onAccept(guesses: readonly ShownBox[]): void;
}

export function GuessBar({ guesses, current, canEdit, onAccept }: Props) {
  const { run, shown, count, matching, floor, least } = guesses;
  if (run === null) return null;
  const { right, confused, invented, missed } = matching;
  return (
    <div className="guess-bar">
      <p aria-live="polite">
        <bdi>{run}</bdi>: {counted(shown.length, "predicted box", "predicted boxes")}
        {count > shown.length ? ` of ${count}` : ""}; {right} right, {confused} of another class, {invented} where
        nothing is, {missed} missed
      </p>
      <div className="row-line">
        <label className="row-line tight">
          sure from {floor.toFixed(2)}
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={floor}
            onChange={(event) => setBoxLimits({ floor: Number(event.target.value) })}
          />
        </label>
        <label className="row-line tight">
          same from IoU {least.toFixed(2)}
          <input
            type="range"
            min={0.1}
            max={0.95}
            step={0.05}
            value={least}
            onChange={(event) => setBoxLimits({ least: Number(event.target.value) })}
          />
        </label>
        {canEdit && shown.length > 0 && (
          <button
            type="button"
            className="button push"
            title={current ? "Accept the predicted box (A)" : "Accept all shown (Shift+A)"}
            onClick={() => onAccept(current ? [current] : shown)}
          >
            {current ? "Accept it" : `Accept ${counted(shown.length, "box", "boxes")}`}
          </button>
        )}
      </div>
    </div>
  );
}
