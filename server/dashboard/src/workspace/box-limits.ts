/** From where on a predicted box counts, and is the true one; the link has both. */
import { setQuery, usePlace } from "../app/location";

export interface BoxLimits {
  /** How sure a predicted box is at least. */
  floor: number;
  /** From which intersection over union on two boxes are the same. */
  least: number;
}

export function useBoxLimits(): BoxLimits {
  const { query } = usePlace();
  return { floor: share(query.get("conf"), 0.25), least: share(query.get("iou"), 0.5) };
}

export const setBoxLimits = ({ floor, least }: Partial<BoxLimits>) =>
  setQuery(
    {
      ...(floor === undefined ? {} : { conf: String(floor) }),
      ...(least === undefined ? {} : { iou: String(least) }),
    },
    true,
  );

function share(text: string | null, otherwise: number): number {
  const value = Number(text ?? Number.NaN);
  return value >= 0 && value <= 1 ? value : otherwise;
}
