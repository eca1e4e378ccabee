/** A shortcut as it is written on this machine's keyboard. */
import { classes } from "./classes";
import styles from "./Keys.module.css";

export const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** `shortcut`: "mod+k", "shift+enter". */
export function Keys({ shortcut, className }: { shortcut: string; className?: string }) {
  return (
    <kbd className={classes(styles.keys, className)}>
      {shortcut
        .split("+")
        .map(written)
        .join(isApple ? "" : "+")}
    </kbd>
  );
}

function written(key: string): string {
  const apple: Record<string, string> = { mod: "⌘", shift: "⇧", alt: "⌥", enter: "↵" };
  const other: Record<string, string> = { mod: "Ctrl", shift: "Shift", alt: "Alt", enter: "Enter" };
  return (isApple ? apple : other)[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
