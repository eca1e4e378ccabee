/** Why a turn has ended before its time, and what to press. */
import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleStop, Play, RotateCw } from "lucide-react";
import type { TurnError } from "@/api/types";
import { Button } from "@/components/Button";
import styles from "./TurnFailed.module.css";

interface TurnFailedProps {
  error: TurnError;
  /** Null: it cannot be tried again, since another turn runs or others came after it. */
  onRetry: (() => void) | null;
  onGoOn: (() => void) | null;
}

/** Where the settings have the cure. */
const SETTINGS: Readonly<Record<string, string>> = {
  authentication: "Check the key",
  permission: "Check the key",
  billing: "Check the key",
  model_not_found: "Choose another model",
  limit_reached: "Change the limits",
};

export function TurnFailed({ error, onRetry, onGoOn }: TurnFailedProps) {
  if (error.type === "cancelled") {
    return (
      <p className={styles.quiet}>
        <CircleStop aria-hidden />
        Stopped
        {onRetry && (
          <Button kind="ghost" size="small" icon={<RotateCw />} onClick={onRetry}>
            Try again
          </Button>
        )}
      </p>
    );
  }
  const cure = SETTINGS[error.type];
  const canGoOn = onGoOn && ["interrupted", "limit_reached", "timeout", "network"].includes(error.type);
  return (
    <div className={styles.failed} role="group" aria-label="The turn has failed">
      <CircleAlert className={styles.icon} aria-hidden />
      <p className={styles.words}>{error.message}</p>
      <div className={styles.actions}>
        {cure && (
          <Link to="/settings" className={styles.cure}>
            {cure}
          </Link>
        )}
        {canGoOn && (
          <Button kind="primary" size="small" icon={<Play />} onClick={onGoOn}>
            Go on
          </Button>
        )}
        {onRetry && (
          <Button size="small" icon={<RotateCw />} onClick={onRetry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}
