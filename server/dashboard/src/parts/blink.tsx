/** A picture as it is; while Space or the pointer is held, as it was. What differs is seen to blink. */
import { useState } from "react";
import { whileHeld } from "./held";

interface Props {
  before: string;
  after: string;
  /** What it is a picture of. */
  name: string;
}

export function Blink({ before, after, name }: Props) {
  const [isBefore, setBefore] = useState(false);
  return (
    <button
      type="button"
      className="blink"
      aria-label={`${name}, ${isBefore ? "as it was" : "as it is; hold Space to see it as it was"}`}
      {...whileHeld(setBefore)}
      onBlur={() => setBefore(false)}
    >
      {/* Both are loaded, or the first look would show nothing. */}
      <img src={after} alt="" loading="lazy" hidden={isBefore} />
      <img src={before} alt="" loading="lazy" hidden={!isBefore} />
      <span className="badge" aria-hidden>
        {isBefore ? "before" : "after"}
      </span>
    </button>
  );
}
