/** The history as a strip of marks, the newest first: one is looked at, and the arrow keys move to the next. */
import { useRef, type KeyboardEvent } from "react";
import type { ScheduleRun } from "@/api/types";
import { useNow } from "@/components/Time";
import { RunMark, SlotMark } from "./SlotMark";
import styles from "./SlotStrip.module.css";
import { slotKind, SLOTS, type SlotKind } from "./slots";
import { onClock } from "./times";

interface SlotStripProps {
  runs: readonly ScheduleRun[];
  zone: string;
  /** The id of the panel that tells of the one that is looked at. */
  panelId: string;
  shownId: string;
  onShow: (runId: string) => void;
}

export const tabId = (runId: string): string => `slot-${runId}`;

export function SlotStrip({ runs, zone, panelId, shownId, onShow }: SlotStripProps) {
  const strip = useRef<HTMLDivElement>(null);
  const now = useNow();
  const press = (event: KeyboardEvent) => {
    const at = runs.findIndex((run) => run.id === shownId);
    const next = runs[targetOf(event.key, at, runs.length)];
    if (!next) return;
    event.preventDefault();
    onShow(next.id);
    strip.current?.querySelector<HTMLElement>(`#${tabId(next.id)}`)?.focus();
  };
  return (
    <>
      <div
        ref={strip}
        role="tablist"
        aria-label="History, the newest first"
        className={styles.strip}
        tabIndex={-1}
        onKeyDown={press}
      >
        {runs.map((run) => (
          <button
            key={run.id}
            type="button"
            role="tab"
            id={tabId(run.id)}
            aria-selected={run.id === shownId}
            aria-controls={run.id === shownId ? panelId : undefined}
            aria-label={`${onClock(run.scheduled_for, zone, now)}: ${slotWords(run)}`}
            title={`${onClock(run.scheduled_for, zone, now)}: ${slotWords(run)}`}
            tabIndex={run.id === shownId ? 0 : -1}
            className={styles.slot}
            onClick={() => onShow(run.id)}
          >
            <RunMark run={run} />
          </button>
        ))}
      </div>
      <Legend runs={runs} />
    </>
  );
}

/** Where a key leads; -1: nowhere. */
function targetOf(key: string, at: number, length: number): number {
  if (key === "ArrowRight") return Math.min(at + 1, length - 1);
  if (key === "ArrowLeft") return Math.max(at - 1, 0);
  if (key === "Home") return 0;
  return key === "End" ? length - 1 : -1;
}

export const slotWords = (run: ScheduleRun): string =>
  run.trigger === "manual" ? `${SLOTS[slotKind(run)].words}, asked for` : SLOTS[slotKind(run)].words;

function Legend({ runs }: { runs: readonly ScheduleRun[] }) {
  const counts = new Map<SlotKind, number>();
  for (const run of runs) counts.set(slotKind(run), (counts.get(slotKind(run)) ?? 0) + run.slots);
  const kinds = (Object.keys(SLOTS) as SlotKind[]).filter((kind) => counts.has(kind));
  return (
    <ul className={styles.legend}>
      {kinds.map((kind) => (
        <li key={kind}>
          <SlotMark kind={kind} /> {SLOTS[kind].words}{" "}
          <span className={styles.count}>{counts.get(kind)}</span>
        </li>
      ))}
      {runs.some((run) => run.trigger === "manual") && <li>Round: asked for by hand</li>}
    </ul>
  );
}
