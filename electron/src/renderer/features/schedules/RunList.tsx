/** The same history, a line each. */
import type { ScheduleRun } from "@/api/types";
import { seconds } from "@/components/format";
import styles from "./RunList.module.css";
import { TaskLink } from "./SlotDetail";
import { RunMark } from "./SlotMark";
import { secondsOf } from "./slots";
import { slotWords } from "./SlotStrip";
import { ClockTime } from "./times";

export const RunList = ({ runs, zone }: { runs: readonly ScheduleRun[]; zone: string }) => (
  <ul className={styles.runs}>
    {runs.map((run) => (
      <Row key={run.id} run={run} zone={zone} />
    ))}
  </ul>
);

function Row({ run, zone }: { run: ScheduleRun; zone: string }) {
  const took = secondsOf(run);
  return (
    <li className={styles.run}>
      <RunMark run={run} />
      <span className={styles.time}>
        <ClockTime at={run.scheduled_for} zone={zone} />
      </span>
      <span className={styles.what}>
        {slotWords(run)}
        {run.error && <span className={styles.why}>: {run.error.message}</span>}
      </span>
      <span className={styles.took}>{took !== null && seconds(took)}</span>
      <span className={styles.link}>
        {run.conversation_id !== null && <TaskLink id={run.conversation_id} />}
      </span>
    </li>
  );
}
