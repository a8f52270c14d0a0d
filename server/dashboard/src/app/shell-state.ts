/** Which sheet of the frame is open. */
import { create } from "zustand";

interface Shell {
  overlay: "palette" | "keys" | null;
  open(overlay: "palette" | "keys"): void;
  close(): void;
}

export const useShell = create<Shell>((set) => ({
  overlay: null,
  open: (overlay) => set({ overlay }),
  close: () => set({ overlay: null }),
}));
