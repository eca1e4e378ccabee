/** What a view shows when it has nothing to show: loading, empty, failed, gone. */
import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError, messageOf } from "@/api/client";
import { Button } from "./Button";
import { classes } from "./classes";
import styles from "./States.module.css";

/** Grey bars in the place of `lines` rows; screen readers hear that it loads. */
export function Loading({ lines = 3, label = "Loading" }: { lines?: number; label?: string }) {
  return (
    <div className={styles.loading} role="status">
      <span className="visually-hidden">{label}…</span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className={styles.bar} aria-hidden />
      ))}
    </div>
  );
}

interface EmptyProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Nothing is there yet: says what would be, and how to begin. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className={styles.empty}>
      {icon && (
        <span className={styles.icon} aria-hidden>
          {icon}
        </span>
      )}
      <h2>{title}</h2>
      {children && <div className={styles.words}>{children}</div>}
      {action}
    </div>
  );
}

interface FailedProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  title?: string;
  isInline?: boolean;
}

/** Something could not be had: what happened, and what to press. */
export function Failed({ error, onRetry, title, isInline }: FailedProps) {
  const isGone = error instanceof ApiError && error.status === 404;
  return (
    <div className={classes(isInline ? styles.inline : styles.empty, styles.failed)} role="alert">
      <span className={styles.icon} aria-hidden>
        <CircleAlert />
      </span>
      {!isInline && <h2>{title ?? (isGone ? "This is not here any more" : "This could not be loaded")}</h2>}
      <div className={styles.words}>
        {isGone && !isInline ? "It was deleted, or the link is wrong." : messageOf(error)}
      </div>
      {onRetry && !isGone && (
        <Button icon={<RotateCw />} size={isInline ? "small" : "medium"} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
