/** One schedule: what it does and when, and what became of each of its times. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { previewQuery, scheduleQuery } from "@/api/schedules";
import type { ScheduleDetail } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Page } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { zoneLabel } from "@/components/zones";
import { History } from "./History";
import { NextTimes } from "./NextTimes";
import { ScheduleDeeds } from "./ScheduleDeeds";
import { ScheduleFacts } from "./ScheduleFacts";
import styles from "./ScheduleView.module.css";
import { titleOf } from "./titles";

const trail = <Link to="/schedules">Schedules</Link>;

export function ScheduleView() {
  const { scheduleId } = useParams({ from: "/schedules/$scheduleId" });
  const schedule = useQuery(scheduleQuery(scheduleId));
  if (schedule.data && !schedule.isError) return <Shown key={scheduleId} schedule={schedule.data} />;
  return (
    <Page title="Schedule" trail={trail}>
      {schedule.isError ? (
        <Failed error={schedule.error} onRetry={() => void schedule.refetch()} />
      ) : (
        <Loading lines={5} />
      )}
    </Page>
  );
}

function Shown({ schedule }: { schedule: ScheduleDetail }) {
  const [shownId, setShownId] = useState<string | null>(null);
  return (
    <Page
      title={titleOf(schedule.prompt)}
      description={`${schedule.words} (${zoneLabel(schedule.timezone)})`}
      trail={trail}
      actions={<ScheduleDeeds schedule={schedule} onRun={setShownId} />}
    >
      <div className={styles.sections}>
        <Status schedule={schedule} />
        <div className={styles.about}>
          <ScheduleFacts schedule={schedule} />
          {schedule.status === "active" && <Next schedule={schedule} />}
        </div>
        {schedule.prompt.trim() !== titleOf(schedule.prompt) && (
          <section aria-labelledby="prompt">
            <h2 id="prompt">What to do</h2>
            <p className={styles.prompt}>{schedule.prompt}</p>
          </section>
        )}
        <History schedule={schedule} shownId={shownId} onShow={setShownId} />
      </div>
    </Page>
  );
}

function Status({ schedule: { status, pause_reason } }: { schedule: ScheduleDetail }) {
  return (
    <div role="status" className={styles.status}>
      {status === "paused" ? <Badge tone="warning">Paused</Badge> : <Badge tone="good">Active</Badge>}
      {pause_reason && <p>{pause_reason}</p>}
    </div>
  );
}

function Next({ schedule: { id, cron, timezone } }: { schedule: ScheduleDetail }) {
  const preview = useQuery(previewQuery({ cron, timezone, schedule_id: id }));
  return (
    <section aria-labelledby="next">
      <h2 id="next">Next times</h2>
      {preview.isPending && <Loading lines={3} />}
      {preview.isError && <Failed error={preview.error} onRetry={() => void preview.refetch()} isInline />}
      {preview.data && <NextTimes times={preview.data.next_runs} zone={timezone} />}
    </section>
  );
}
