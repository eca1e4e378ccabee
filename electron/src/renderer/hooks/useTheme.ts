/** Light or dark: what the user chose, else what the system says. */
import { useEffect, useSyncExternalStore } from "react";
import { useStored } from "./useStored";

export type ThemeChoice = "system" | "light" | "dark";
export type Theme = "light" | "dark";

const dark = globalThis.matchMedia("(prefers-color-scheme: dark)");

function subscribe(reader: () => void): () => void {
  dark.addEventListener("change", reader);
  return () => dark.removeEventListener("change", reader);
}

export function useThemeChoice(): [ThemeChoice, (choice: ThemeChoice) => void] {
  const [choice, set] = useStored<ThemeChoice>("cowork.theme", "system");
  return [choice, (next) => set(next === "system" ? null : next)];
}

export function useTheme(): Theme {
  const [choice] = useThemeChoice();
  const isDark = useSyncExternalStore(subscribe, () => dark.matches);
  return choice === "system" ? (isDark ? "dark" : "light") : choice;
}

/** Tells the style sheet; once, at the root. */
export function useThemeAtRoot(): Theme {
  const theme = useTheme();
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return theme;
}
