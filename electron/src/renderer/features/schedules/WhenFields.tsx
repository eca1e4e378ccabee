/** When a schedule fires: presets, the cron expression with its meaning, and the time zone. */
import { Button } from "@/components/Button";
import { TextField } from "@/components/Field";
import { Failed } from "@/components/States";
import { ZonePicker } from "@/components/ZonePicker";
import { classes } from "@/components/classes";
import { estimateWords } from "./estimates";
import styles from "./ScheduleForm.module.css";
import { NextTimes } from "./NextTimes";
import { TIMES } from "./presets";
import { usePreview } from "./usePreview";
import type { Values } from "./values";

interface WhenFieldsProps {
  values: Values;
  scheduleId: string | undefined;
  faults: Readonly<Record<string, string>>;
  onChange: (changed: Partial<Values>) => void;
}

export function WhenFields({ values, scheduleId, faults, onChange }: WhenFieldsProps) {
  const { cron, timezone, project_id: projectId } = values;
  const previewing = usePreview({ cron, timezone, projectId, scheduleId });
  return (
    <>
      <fieldset className={styles.fields}>
        <legend className={styles.legend}>When</legend>
        <div className={styles.presets}>
          {TIMES.map((time) => (
            <Button
              key={time.cron}
              size="small"
              aria-pressed={cron.trim() === time.cron}
              className={styles.preset}
              onClick={() => onChange({ cron: time.cron })}
            >
              {time.label}
            </Button>
          ))}
        </div>
        <TextField
          label="Cron expression"
          hint="Minute, hour, day of the month, month, weekday."
          value={cron}
          maxLength={1000}
          spellCheck={false}
          className={styles.cron}
          error={previewing.faults.cron ?? faults.cron}
          onChange={(event) => onChange({ cron: event.target.value })}
        />
        <ZonePicker
          label="Time zone"
          value={timezone}
          error={previewing.faults.timezone ?? faults.timezone}
          onChange={(zone) => onChange({ timezone: zone })}
        />
      </fieldset>
      <Shown previewing={previewing} />
    </>
  );
}

function Shown({
  previewing: { preview, isOld, error, retry },
}: {
  previewing: ReturnType<typeof usePreview>;
}) {
  return (
    <section className={styles.preview} aria-label="What this means">
      <p className={classes(styles.words, isOld && styles.old)} aria-live="polite">
        {preview?.words ?? "Its times will be here."}
      </p>
      {preview && (
        <div className={classes(styles.details, isOld && styles.old)}>
          <NextTimes times={preview.next_runs} zone={preview.timezone} />
          <p className={styles.muted}>{estimateWords(preview.estimate)}</p>
        </div>
      )}
      {error !== null && <Failed error={error} onRetry={retry} isInline />}
    </section>
  );
}
