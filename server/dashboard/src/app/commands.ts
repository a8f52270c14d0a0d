/**
 * What can be done from where the person is: each command has a title for the palette and may have a key.
 *
 * Single keys work only outside of fields, menus and dialogs, can be changed, and can be switched off (WCAG 2.1.4).
 */
import { useEffect, useRef } from "react";
import { create } from "zustand";

export interface Command {
  id: string;
  title: string;
  group: string;
  /** As `chordOf` writes it: `Mod+K`, `Shift+E`, `?`, `1`. Several with a blank between. */
  keys?: string;
  run(): void;
  /** Also inside fields; for chords with Mod only. */
  always?: boolean;
  /** Not in the palette: one of many alike. */
  hidden?: boolean;
}

interface Registry {
  layers: ReadonlyMap<number, readonly Command[]>;
}

export const useRegistry = create<Registry>(() => ({ layers: new Map() }));

let lastLayer = 0;

/** Offers commands while the calling component is shown; the newest layer wins a key. */
export function useCommands(commands: readonly Command[]): void {
  const latest = useRef(commands);
  latest.current = commands;
  const signature = commands.map(({ id, title, keys }) => `${id}|${title}|${keys ?? ""}`).join("\n");
  useEffect(() => {
    if (!signature) return;
    const layer = ++lastLayer;
    const stable = latest.current.map((command) => ({
      ...command,
      // What a command does may change with each drawing; what it is called may not.
      run: () => latest.current.find(({ id }) => id === command.id)?.run(),
    }));
    useRegistry.setState(({ layers }) => ({ layers: new Map(layers).set(layer, stable) }));
    return () =>
      useRegistry.setState(({ layers }) => {
        const rest = new Map(layers);
        rest.delete(layer);
        return { layers: rest };
      });
  }, [signature]);
}

export function allCommands(layers: Registry["layers"]): Command[] {
  const seen = new Map<string, Command>();
  for (const commands of layers.values()) for (const command of commands) seen.set(command.id, command);
  return [...seen.values()];
}

const REMAP = "veneer.keys";
const OFF = "veneer.single-keys-off";

export function remapped(): Record<string, string> {
  try {
    return JSON.parse(localStorage.getItem(REMAP) ?? "{}") as Record<string, string>;
  } catch {
    return {};
  }
}

export function remap(id: string, keys: string | null): void {
  const map = remapped();
  if (keys === null) delete map[id];
  else map[id] = keys;
  localStorage.setItem(REMAP, JSON.stringify(map));
}

export const areSingleKeysOff = () => localStorage.getItem(OFF) === "1";

export function setSingleKeysOff(isOff: boolean): void {
  localStorage.setItem(OFF, isOff ? "1" : "0");
}

export function keysOf(command: Command): string {
  return remapped()[command.id] ?? command.keys ?? "";
}

/** A key press as text: `Mod` is Ctrl, or Cmd on a Mac. */
export function chordOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const isLetter = /^[A-Z]$/.test(key);
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("Mod");
  if (event.altKey) parts.push("Alt");
  // Of a sign such as `?` the shift key is part already.
  if (event.shiftKey && (isLetter || key.length > 1)) parts.push("Shift");
  return [...parts, key].join("+");
}

/** Whether keys belong to what has the focus: a field, a menu, a dialog. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest("[role=dialog],[role=menu],[role=listbox],[role=alertdialog]")) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "range", "button"].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target as HTMLElement).isContentEditable
  );
}

/** Runs the command of a key press; tells whether there was one. */
export function runFor(event: KeyboardEvent, commands: readonly Command[]): boolean {
  if (event.defaultPrevented) return false;
  const chord = chordOf(event);
  const isSingle = !chord.includes("Mod+") && !chord.includes("Alt+") && !/^(Shift\+)?(F\d+|Escape)$/.test(chord);
  if (isSingle && areSingleKeysOff()) return false;
  for (const command of [...commands].reverse()) {
    if (!keysOf(command).split(" ").includes(chord)) continue;
    if (isTyping(event.target) && !(command.always && !isSingle)) continue;
    event.preventDefault();
    command.run();
    return true;
  }
  return false;
}
