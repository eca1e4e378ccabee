/** A new schedule: empty, or as a link to here begins it. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { projectsQuery } from "@/api/projects";
import { createSchedule } from "@/api/schedules";
import { Page } from "@/components/Page";
import { RouteButton } from "@/components/RouteButton";
import { Failed, Loading } from "@/components/States";
import { zoneHere } from "@/components/zones";
import { useRenew } from "@/hooks/useRenew";
import { TIMES } from "./presets";
import { ScheduleForm } from "./ScheduleForm";
import { bodyOf, type Values } from "./values";

export function NewScheduleView() {
  const { project, cron, prompt } = useSearch({ from: "/schedules/new" });
  const projects = useQuery(projectsQuery);
  const navigate = useNavigate();
  const renew = useRenew();
  const known = projects.data?.data;
  const chosen = known?.find(({ id }) => id === project) ?? known?.find(({ is_general }) => is_general);
  const save = async (values: Values) => {
    const made = await createSchedule(bodyOf(values));
    renew("schedules");
    await navigate({ to: "/schedules/$scheduleId", params: { scheduleId: made.id }, replace: true });
  };
  return (
    <Page
      title="New schedule"
      description="A task that the agent does again and again, by itself, while Cowork runs."
      trail={<Link to="/schedules">Schedules</Link>}
    >
      {projects.isPending && <Loading lines={6} />}
      {projects.isError && <Failed error={projects.error} onRetry={() => void projects.refetch()} />}
      {known && (
        <ScheduleForm
          label="New schedule"
          initial={{
            project_id: chosen?.id ?? "",
            prompt: prompt ?? "",
            cron: cron ?? TIMES[1].cron,
            timezone: zoneHere(),
            conversation_id: null,
            budget: { run_tokens: "", run_cost_usd: "", month_tokens: "", month_cost_usd: "" },
          }}
          action="Make the schedule"
          save={save}
          cancel={<RouteButton to="/schedules">Cancel</RouteButton>}
        />
      )}
    </Page>
  );
}
