/** Rows that a gesture under way would show; plots draw it before the service is asked. */
import { create } from "zustand";
import type { Bitmask } from "../core/bitmask";

export const usePreview = create<{ mask: Bitmask | null }>(() => ({ mask: null }));
