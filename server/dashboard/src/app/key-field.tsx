/** The keys of a command, and the way to change them: press the new ones here. */
import { useState } from "react";
import { type Command, chordOf, keysOf, remap } from "./commands";
import { Keys } from "./key-sheet";

const ALONE = ["Shift", "Control", "Alt", "Meta"];

export function KeyField({ command, onChange }: { command: Command; onChange(): void }) {
  const [isListening, setListening] = useState(false);
  return (
    <button
      type="button"
      className="button plain key-field"
      title="Press to change the keys"
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
      <span className="unseen">{command.title}: </span>
      {isListening ? (
        <span className="quiet">press keys, Backspace resets</span>
      ) : (
        <Keys text={keysOf(command) || "none"} />
      )}
    </button>
  );
}
