/** A schedule in the list of all: what it does, when, and how its last times went. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { cronWordsQuery, latestRunsQuery } from "@/api/schedules";
import type { Schedule } from "@/api/types";
import { Badge } from "@/components/Badge";
import { useNow } from "@/components/Time";
import { zoneLabel } from "@/components/zones";
import styles from "./SchedulesView.module.css";
import { RunMark } from "./SlotMark";
import { slotKind, SLOTS } from "./slots";
import { DueTime, isElsewhere } from "./times";
import { titleOf } from "./titles";

interface ScheduleRowProps {
  schedule: Schedule;
  /** Its name, where it is not said already. */
  project: string | undefined;
}

export function ScheduleRow({ schedule, project }: ScheduleRowProps) {
  const words = useQuery(cronWordsQuery(schedule.cron));
  const now = useNow();
  return (
    <li className={styles.row}>
      <div className={styles.what}>
        <Link to="/schedules/$scheduleId" params={{ scheduleId: schedule.id }} className={styles.name}>
          {titleOf(schedule.prompt)}
        </Link>
        <p className={styles.muted}>
          {[
            words.data ?? schedule.cron,
            isElsewhere(schedule.timezone, now) ? zoneLabel(schedule.timezone) : null,
            project,
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      <p className={styles.next}>
        {schedule.next_run_at === null ? (
          <Badge tone="warning">Paused</Badge>
        ) : (
          <>
            <span className="visually-hidden">Next run </span>
            <DueTime at={schedule.next_run_at} zone={schedule.timezone} />
          </>
        )}
      </p>
      <LastRuns scheduleId={schedule.id} />
      {schedule.pause_reason && <p className={styles.reason}>{schedule.pause_reason}</p>}
    </li>
  );
}

const SHOWN = 7;

/** The last outcome in words, and the last few as marks, the newest first as everywhere. */
function LastRuns({ scheduleId }: { scheduleId: string }) {
  const latest = useQuery(latestRunsQuery(scheduleId, SHOWN));
  const runs = latest.data?.data ?? [];
  const [last] = runs;
  return (
    <div className={styles.last}>
      {last ? (
        <>
          <span>
            <span className="visually-hidden">Last: </span>
            {SLOTS[slotKind(last)].words}
          </span>
          <span className={styles.marks} aria-hidden>
            {runs.map((run) => (
              <RunMark key={run.id} run={run} />
            ))}
          </span>
        </>
      ) : (
        latest.isSuccess && "Not run yet"
      )}
    </div>
  );
}
