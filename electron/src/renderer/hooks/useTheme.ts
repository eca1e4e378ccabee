/** Light or dark: what the user chose, else what the system says. */
import { useEffect } from "react";
import { useMediaQuery } from "./useMediaQuery";
import { useStored } from "./useStored";

export type ThemeChoice = "system" | "light" | "dark";
export type Theme = "light" | "dark";

export function useThemeChoice(): [ThemeChoice, (choice: ThemeChoice) => void] {
  const [choice, set] = useStored<ThemeChoice>("cowork.theme", "system");
  return [choice, (next) => set(next === "system" ? null : next)];
}

export function useTheme(): Theme {
  const [choice] = useThemeChoice();
  const isDark = useMediaQuery("(prefers-color-scheme: dark)");
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
