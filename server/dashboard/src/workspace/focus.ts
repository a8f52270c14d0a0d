/** The one row that the inspector shows, and where it stands in the list. */
import { create } from "zustand";
import { setQuery } from "../app/location";

interface Focus {
  key: string | null;
  /** Its place in the filtered, ordered list; null where it is not known. */
  position: number | null;
  /** Its `_row`. */
  row: number | null;
}

export const useFocus = create<Focus>(() => ({ key: null, position: null, row: null }));

let timer = 0;

/** Browsers refuse an address that changes with every key press: the link follows a moment later. */
export function focusRow(key: string | null, row: number | null, position: number | null = null): void {
  useFocus.setState({ key, row, position });
  clearTimeout(timer);
  timer = window.setTimeout(() => setQuery({ focus: key }, true), 250);
}

/** Takes the focus from a link. */
export function focusFromLink(key: string | null): void {
  if (useFocus.getState().key !== key) useFocus.setState({ key, row: null, position: null });
}
