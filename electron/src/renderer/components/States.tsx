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
  /** Of the title, where this is the whole view. */
  level?: 1 | 2;
  children?: ReactNode;
  action?: ReactNode;
}

/** Nothing is there yet: says what would be, and how to begin. */
export function Empty({ icon, title, level = 2, children, action }: EmptyProps) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div className={styles.empty}>
      {icon && (
        <span className={styles.icon} aria-hidden>
          {icon}
        </span>
      )}
      <Heading className={styles.title}>{title}</Heading>
      {children && <div className={styles.words}>{children}</div>}
      {action}
    </div>
  );
}

interface FailedProps {
  error: unknown;
  onRetry?: (() => void) | undefined;
  title?: string;
  level?: 1 | 2;
  isInline?: boolean;
}

/** Something could not be had: what happened, and what to press. */
export function Failed({ error, onRetry, title, level = 2, isInline }: FailedProps) {
  const Heading = level === 1 ? "h1" : "h2";
  const isGone = error instanceof ApiError && error.status === 404;
  return (
    <div className={classes(isInline ? styles.inline : styles.empty, styles.failed)} role="alert">
      <span className={styles.icon} aria-hidden>
        <CircleAlert />
      </span>
      {!isInline && (
        <Heading className={styles.title}>
          {title ?? (isGone ? "This is not here any more" : "This could not be loaded")}
        </Heading>
      )}
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
