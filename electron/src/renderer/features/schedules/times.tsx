/** Times of a schedule: on the clock of its zone, and how far away they are. */
import { relative, useNow } from "@/components/Time";
import { offsetOf, zoneHere } from "@/components/zones";
import styles from "./times.module.css";

const WEEK = 7 * 86_400_000;

/** `Mon 30 Nov, 09:00`; with the year where it is another one than now. */
export function onClock(at: string, zone: string, now: number): string {
  const moment = new Date(at);
  const year = moment.getFullYear() === new Date(now).getFullYear() ? {} : { year: "numeric" as const };
  const options = {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    ...year,
  } as const;
  try {
    return moment.toLocaleString(undefined, { ...options, timeZone: zone });
  } catch {
    // A zone that this browser does not know.
    return moment.toLocaleString(undefined, options);
  }
}

/** Whether its clock shows another time than the one here. */
export const isElsewhere = (zone: string, now: number): boolean =>
  offsetOf(zone, now) !== offsetOf(zoneHere(), now);

interface TimeProps {
  at: string;
  zone: string;
}

export function ClockTime({ at, zone }: TimeProps) {
  const now = useNow();
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()} className={styles.clock}>
      {onClock(at, zone, now)}
    </time>
  );
}

/** `in 3 days`; null where it is so far away that its date says more. */
export function useAway(at: string): string | null {
  const now = useNow();
  return Math.abs(Date.parse(at) - now) < WEEK ? relative(Date.parse(at), now) : null;
}

/** `in 3 days · Mon 30 Nov, 09:00`. */
export function DueTime({ at, zone }: TimeProps) {
  const away = useAway(at);
  if (away === null) return <ClockTime at={at} zone={zone} />;
  return (
    <span>
      {away} <span aria-hidden>·</span>{" "}
      <span className={styles.muted}>
        <ClockTime at={at} zone={zone} />
      </span>
    </span>
  );
}
