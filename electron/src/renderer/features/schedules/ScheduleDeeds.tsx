/** What can be done with a schedule. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Pause, Pencil, Play, RotateCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { deleteSchedule, latestRunsQuery, runSchedule, updateSchedule } from "@/api/schedules";
import type { Schedule } from "@/api/types";
import { Button } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { RouteButton } from "@/components/RouteButton";
import { toast, toastError } from "@/components/toast";
import { useCommands } from "@/hooks/commands";
import { useRenew } from "@/hooks/useRenew";
import { isUnderWay } from "./slots";

interface ScheduleDeedsProps {
  schedule: Schedule;
  onRun: (runId: string) => void;
}

export function ScheduleDeeds({ schedule, onRun }: ScheduleDeedsProps) {
  return (
    <>
      <RunButton schedule={schedule} onRun={onRun} />
      <PauseButton schedule={schedule} />
      <RouteButton
        to="/schedules/$scheduleId/edit"
        params={{ scheduleId: schedule.id }}
        icon={<Pencil aria-hidden />}
      >
        Edit
      </RouteButton>
      <DeleteButton schedule={schedule} />
    </>
  );
}

function RunButton({ schedule, onRun }: ScheduleDeedsProps) {
  const latest = useQuery(latestRunsQuery(schedule.id, 1));
  const [isBusy, setBusy] = useState(false);
  const renew = useRenew();
  const run = async () => {
    setBusy(true);
    try {
      onRun((await runSchedule(schedule.id)).id);
      toast("The run has begun.");
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
      renew("schedules");
    }
  };
  const isRunning = latest.data !== undefined && isUnderWay(latest.data.data);
  useCommands([
    {
      id: "schedule.run",
      title: "Run this schedule now",
      group: "This schedule",
      icon: <RotateCw />,
      run: () => void run(),
    },
  ]);
  return (
    <Button icon={<RotateCw />} isBusy={isBusy || isRunning} onClick={() => void run()}>
      Run now
    </Button>
  );
}

function PauseButton({ schedule }: { schedule: Schedule }) {
  const renew = useRenew();
  const isPaused = schedule.status === "paused";
  const turn = async () => {
    await updateSchedule(schedule.id, { status: isPaused ? "active" : "paused" });
    renew("schedules");
  };
  useCommands([
    {
      id: "schedule.pause",
      title: isPaused ? "Resume this schedule" : "Pause this schedule",
      group: "This schedule",
      icon: isPaused ? <Play /> : <Pause />,
      run: () => void turn().catch(toastError),
    },
  ]);
  return (
    <Button icon={isPaused ? <Play /> : <Pause />} onClick={() => void turn().catch(toastError)}>
      {isPaused ? "Resume" : "Pause"}
    </Button>
  );
}

function DeleteButton({ schedule }: { schedule: Schedule }) {
  const confirm = useConfirm();
  const renew = useRenew();
  const navigate = useNavigate();
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this schedule?",
      description: "It will not run again, and its history will be gone. The tasks of its runs stay.",
      action: "Delete",
    });
    if (!isSure) return;
    await deleteSchedule(schedule.id);
    await navigate({ to: "/schedules" });
    renew("schedules");
  };
  return (
    <Button kind="danger" icon={<Trash2 />} onClick={() => void remove().catch(toastError)}>
      Delete
    </Button>
  );
}
