/** A picture as it is; while Space or the pointer is held, as it was. What differs is seen to blink. */
import { type KeyboardEvent, useState } from "react";

interface Props {
  before: string;
  after: string;
  /** What it is a picture of. */
  name: string;
}

export function Blink({ before, after, name }: Props) {
  const [isBefore, setBefore] = useState(false);
  const hold = (is: boolean) => (event: KeyboardEvent) => {
    if (event.key !== " ") return;
    event.preventDefault();
    setBefore(is);
  };
  return (
    <button
      type="button"
      className="blink"
      aria-label={`${name}, ${isBefore ? "as it was" : "as it is; hold Space to see it as it was"}`}
      onKeyDown={hold(true)}
      onKeyUp={hold(false)}
      onBlur={() => setBefore(false)}
      onPointerDown={() => setBefore(true)}
      onPointerUp={() => setBefore(false)}
      onPointerLeave={() => setBefore(false)}
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
