// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { type Command, chordOf, remap, runFor, setSingleKeysOff } from "./commands";

let done: string[] = [];
const command = (id: string, keys: string, more: Partial<Command> = {}): Command => ({
  id,
  title: id,
  group: "test",
  keys,
  run: () => done.push(id),
  ...more,
});
const commands = [command("label", "1"), command("palette", "Mod+K", { always: true }), command("undo", "Mod+Z")];

function press(key: string, target: Element = document.body, more: KeyboardEventInit = {}): void {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  target.addEventListener("keydown", (caught) => runFor(caught as KeyboardEvent, commands), { once: true });
  target.dispatchEvent(event);
}

beforeEach(() => {
  done = [];
  localStorage.clear();
  document.body.innerHTML = "<input><div role='dialog'><button>x</button></div>";
});

test("a chord is written the same on every keyboard", () => {
  const of = (key: string, more = {}) =>
    chordOf({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
  expect(of("k", { metaKey: true })).toBe("Mod+K");
  expect(of("?", { shiftKey: true })).toBe("?");
  expect(of("E", { shiftKey: true })).toBe("Shift+E");
  expect(of(" ")).toBe("Space");
});

test("keys are off in a field and in a dialog, but for the palette's chord", () => {
  for (const target of [document.querySelector("input"), document.querySelector("button")]) {
    press("1", target as Element);
    press("z", target as Element, { ctrlKey: true });
    press("k", target as Element, { ctrlKey: true });
  }
  expect(done).toEqual(["palette", "palette"]);
});

test("single keys can be switched off, and keys can be changed", () => {
  setSingleKeysOff(true);
  press("1");
  setSingleKeysOff(false);
  remap("label", "Q");
  press("1");
  press("q");
  expect(done).toEqual(["label"]);
});
