/** A moment in words that age with it, and the whole of it on hover. */
import { useSyncExternalStore } from "react";

const MINUTE = 60_000;
const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", MINUTE],
];

export function Time({ at }: { at: string }) {
  const now = useNow();
  const moment = new Date(at);
  return (
    <time dateTime={at} title={moment.toLocaleString()}>
      {relative(moment.getTime(), now)}
    </time>
  );
}

/** "3 minutes ago", "in 2 hours", "yesterday"; beyond a week the date. */
export function relative(at: number, now: number): string {
  const away = at - now;
  if (Math.abs(away) < MINUTE) return "just now";
  if (Math.abs(away) > 7 * 86_400_000) {
    return new Date(at).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
  }
  for (const [unit, size] of UNITS) {
    if (Math.abs(away) >= size) {
      return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(
        Math.round(away / size),
        unit,
      );
    }
  }
  return "just now";
}

const readers = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  timer ??= setInterval(() => {
    now = Date.now();
    readers.forEach((tell) => tell());
  }, MINUTE / 2);
  return () => {
    readers.delete(reader);
    if (readers.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The time, half a minute exact; one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
