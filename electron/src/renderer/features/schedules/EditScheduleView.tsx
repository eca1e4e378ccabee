/** A schedule is changed. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { scheduleQuery, updateSchedule } from "@/api/schedules";
import type { Schedule } from "@/api/types";
import { Page } from "@/components/Page";
import { RouteButton } from "@/components/RouteButton";
import { Failed, Loading } from "@/components/States";
import { useRenew } from "@/hooks/useRenew";
import { ScheduleForm } from "./ScheduleForm";
import { patchOf, valuesOf, type Values } from "./values";

export function EditScheduleView() {
  const { scheduleId } = useParams({ from: "/schedules/$scheduleId/edit" });
  const schedule = useQuery(scheduleQuery(scheduleId));
  return (
    <Page
      title="Edit the schedule"
      trail={
        <Link to="/schedules/$scheduleId" params={{ scheduleId }}>
          Back to the schedule
        </Link>
      }
    >
      {schedule.isPending && <Loading lines={6} />}
      {schedule.isError && <Failed error={schedule.error} onRetry={() => void schedule.refetch()} />}
      {schedule.data && <Editing key={scheduleId} schedule={schedule.data} />}
    </Page>
  );
}

function Editing({ schedule }: { schedule: Schedule }) {
  // As it was when this began: what others change meanwhile stays where it is not changed here.
  const [initial] = useState(() => valuesOf(schedule));
  const navigate = useNavigate();
  const renew = useRenew();
  const show = { to: "/schedules/$scheduleId", params: { scheduleId: schedule.id } } as const;
  const save = async (values: Values) => {
    const patch = patchOf(initial, values);
    if (Object.keys(patch).length > 0) await updateSchedule(schedule.id, patch);
    renew("schedules");
    await navigate(show);
  };
  return (
    <ScheduleForm
      label="Edit the schedule"
      initial={initial}
      scheduleId={schedule.id}
      action="Save"
      save={save}
      cancel={<RouteButton {...show}>Cancel</RouteButton>}
    />
  );
}
