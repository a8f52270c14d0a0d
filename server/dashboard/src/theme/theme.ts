/** Dark or light, and how dense: kept by the browser, since it is the person's and not the link's. */
import { create } from "zustand";

export type ThemeChoice = "system" | "dark" | "light";
export type Density = "compact" | "normal";

interface Theme {
  choice: ThemeChoice;
  density: Density;
}

const read = <T extends string>(place: string, known: readonly T[], otherwise: T): T => {
  const found = localStorage.getItem(place) as T | null;
  return found && known.includes(found) ? found : otherwise;
};

export const useTheme = create<Theme>(() => ({
  choice: read("veneer.theme", ["system", "dark", "light"], "system"),
  density: read("veneer.density", ["compact", "normal"], "normal"),
}));

const wantsLight = window.matchMedia("(prefers-color-scheme: light)");

export function isDark(choice: ThemeChoice): boolean {
  return choice === "dark" || (choice === "system" && !wantsLight.matches);
}

function show(): void {
  const { choice, density } = useTheme.getState();
  document.documentElement.dataset.theme = isDark(choice) ? "dark" : "light";
  document.documentElement.dataset.density = density;
}

export function startTheme(): void {
  show();
  useTheme.subscribe(show);
  wantsLight.addEventListener("change", () => {
    show();
    useTheme.setState(({ choice }) => ({ choice }));
  });
}

export function setTheme(choice: ThemeChoice): void {
  localStorage.setItem("veneer.theme", choice);
  useTheme.setState({ choice });
}

export function setDensity(density: Density): void {
  localStorage.setItem("veneer.density", density);
  useTheme.setState({ density });
}
