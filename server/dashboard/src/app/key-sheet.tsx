/** All keys that work where the person is. */
import { useState } from "react";
import { Sheet } from "../parts/sheet";
import { allCommands, type Command, keysOf, useRegistry } from "./commands";
import { KeyField } from "./key-field";

export function KeySheet({ isOpen, onClose }: { isOpen: boolean; onClose(): void }) {
  const { layers } = useRegistry();
  const [, redraw] = useState(0);
  const groups = Map.groupBy(
    allCommands(layers).filter((command) => keysOf(command) !== ""),
    ({ group }: Command) => group,
  );
  return (
    <Sheet title="Keys" isOpen={isOpen} onClose={onClose} isWide>
      <div className="key-groups">
        {[...groups].map(([group, commands]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {commands.map((command) => (
                <div key={command.id} className="key-line">
                  <dt>{command.title}</dt>
                  <dd>
                    <KeyField command={command} onChange={() => redraw((now) => now + 1)} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="quiet">
        Keys are off while you type in a field. Press one here to change it; single keys can be switched off in the
        settings.
      </p>
    </Sheet>
  );
}

export function Keys({ text }: { text: string }) {
  const isMac = navigator.platform.startsWith("Mac");
  const shown = text.split(" ").map((chord) => chord.replace("Mod", isMac ? "⌘" : "Ctrl"));
  return shown.map((chord, i) => (
    <span key={chord}>
      {i > 0 && " or "}
      <kbd>{chord}</kbd>
    </span>
  ));
}
