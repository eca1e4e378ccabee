/** A word about the state of a thing. */
import type { ReactNode } from "react";
import { classes } from "./classes";
import styles from "./Badge.module.css";

export type Tone = "neutral" | "good" | "warning" | "danger" | "info" | "accent";

export function Badge({
  tone = "neutral",
  icon,
  children,
}: {
  tone?: Tone;
  icon?: ReactNode;
  children: ReactNode;
}) {
  return (
    <span className={classes(styles.badge, styles[tone])}>
      {icon}
      {children}
    </span>
  );
}

/** A dot with a name for screen readers; `isLive` breathes. */
export function Dot({ tone = "neutral", label, isLive }: { tone?: Tone; label: string; isLive?: boolean }) {
  return (
    <span className={classes(styles.dot, styles[tone], isLive && styles.live)}>
      <span className="visually-hidden">{label}</span>
    </span>
  );
}
