/** The next times of a schedule, with what the clocks do to them. */
import type { FireTime } from "@/api/types";
import { Time } from "@/components/Time";
import styles from "./NextTimes.module.css";
import { ClockTime } from "./times";

export const NextTimes = ({ times, zone }: { times: readonly FireTime[]; zone: string }) => (
  <ol className={styles.times}>
    {times.map(({ at, note }) => (
      <li key={at}>
        <ClockTime at={at} zone={zone} />
        <span className={styles.away}>
          <Time at={at} />
        </span>
        {note && <p className={styles.note}>{note}</p>}
      </li>
    ))}
  </ol>
);
