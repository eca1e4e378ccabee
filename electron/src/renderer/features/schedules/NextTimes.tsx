/** The next times of a schedule, with what the clocks do to them. */
import type { FireTime } from "@/api/types";
import styles from "./NextTimes.module.css";
import { ClockTime, useAway } from "./times";

export const NextTimes = ({ times, zone }: { times: readonly FireTime[]; zone: string }) => (
  <ol className={styles.times}>
    {times.map((time) => (
      <NextTime key={time.at} time={time} zone={zone} />
    ))}
  </ol>
);

function NextTime({ time: { at, note }, zone }: { time: FireTime; zone: string }) {
  const away = useAway(at);
  return (
    <li>
      <ClockTime at={at} zone={zone} />
      <span className={styles.away}>{away}</span>
      {note && <p className={styles.note}>{note}</p>}
    </li>
  );
}
