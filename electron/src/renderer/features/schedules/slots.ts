/** What became of a slot, as people are told it. */
import type { ScheduleRun } from "@/api/types";
import type { Tone } from "@/components/Badge";

export type SlotKind = "ran" | "late" | "failed" | "skipped" | "missed" | "running" | "waiting";

/** A slot that is claimed within a minute is on time. */
const ON_TIME = 60_000;

export function slotKind(run: ScheduleRun): SlotKind {
  if (run.status === "running") return run.started_at === null ? "waiting" : "running";
  if (run.status !== "success") return run.status;
  return isLate(run) ? "late" : "ran";
}

function isLate({ trigger, started_at, scheduled_for }: ScheduleRun): boolean {
  if (trigger === "manual") return false;
  if (trigger === "catch_up") return true;
  return started_at !== null && Date.parse(started_at) - Date.parse(scheduled_for) > ON_TIME;
}

export const SLOTS: Record<SlotKind, { words: string; tone: Tone }> = {
  ran: { words: "Ran", tone: "good" },
  late: { words: "Ran late", tone: "warning" },
  failed: { words: "Failed", tone: "danger" },
  skipped: { words: "Skipped", tone: "neutral" },
  missed: { words: "Missed", tone: "neutral" },
  running: { words: "Running", tone: "info" },
  waiting: { words: "Waiting", tone: "info" },
};

/** Seconds from its beginning to its end; null where it has not had both. */
export function secondsOf({ started_at, finished_at }: ScheduleRun): number | null {
  if (started_at === null || finished_at === null) return null;
  return Math.max(0, Date.parse(finished_at) - Date.parse(started_at)) / 1000;
}

export const tokensOf = ({ usage }: ScheduleRun): number =>
  Object.values(usage).reduce((sum, tokens) => sum + tokens, 0);

/** Whether some run of these is under way: another cannot begin beside it. */
export const isUnderWay = (runs: readonly ScheduleRun[]): boolean =>
  runs.some((run) => run.status === "running");
