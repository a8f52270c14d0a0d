/** The keys of a command, and the way to change them: press the new ones here. */
import { useState } from "react";
import { type Command, chordOf, keysOf, remap } from "./commands";
import { Keys } from "./key-sheet";

const ALONE = ["Shift", "Control", "Alt", "Meta"];

export function KeyField({ command, onChange }: { command: Command; onChange(): void }) {
  const [isListening, setListening] = useState(false);
  const keys = keysOf(command);
  return (
    <button
      type="button"
      className="button plain key-field"
      aria-label={`Keys of ${command.title}: ${keys || "none"}. Press to change them`}
      onClick={() => setListening(true)}
      onBlur={() => setListening(false)}
      onKeyDown={(event) => {
        if (!isListening || ALONE.includes(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
        setListening(false);
        if (event.key === "Tab" || event.key === "Escape") return;
        remap(command.id, event.key === "Backspace" ? null : chordOf(event.nativeEvent));
        onChange();
      }}
    >
      {isListening ? <span className="quiet">press keys, Backspace resets</span> : <Keys text={keys || "none"} />}
    </button>
  );
}
