/** All schedules: the next to run first. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { CalendarClock, Plus } from "lucide-react";
import { projectsQuery } from "@/api/projects";
import { schedulesQuery } from "@/api/schedules";
import type { Schedule } from "@/api/types";
import { SelectField } from "@/components/Field";
import { Page } from "@/components/Page";
import { ProjectFilter } from "@/components/ProjectFilter";
import { RouteButton } from "@/components/RouteButton";
import { Empty, Failed, Loading } from "@/components/States";
import { withoutEmpty } from "@/components/withoutEmpty";
import { BEGINNINGS } from "./presets";
import { ScheduleRow } from "./ScheduleRow";
import styles from "./SchedulesView.module.css";

export function SchedulesView() {
  const { project, status } = useSearch({ from: "/schedules" });
  const schedules = useQuery(
    schedulesQuery({ ...(project && { project_id: project }), ...(status && { status }) }),
  );
  const projects = useQuery(projectsQuery);
  const names = new Map(projects.data?.data.map(({ id, name }) => [id, name]));
  const isFiltered = project !== undefined || status !== undefined;
  return (
    <Page
      title="Schedules"
      description="Tasks that run by themselves, with what became of each time."
      actions={
        <RouteButton
          to="/schedules/new"
          search={project ? { project } : {}}
          kind="primary"
          icon={<Plus aria-hidden />}
        >
          New schedule
        </RouteButton>
      }
    >
      {(isFiltered || (schedules.data?.total ?? 0) > 1) && <Filters />}
      {schedules.isPending && <Loading lines={5} />}
      {schedules.isError && <Failed error={schedules.error} onRetry={() => void schedules.refetch()} />}
      {schedules.data?.total === 0 && (isFiltered ? <NothingFits /> : <NoneYet />)}
      <ul className={styles.list}>
        {inOrder(schedules.data?.data ?? []).map((schedule) => (
          <ScheduleRow
            key={schedule.id}
            schedule={schedule}
            project={project === undefined ? names.get(schedule.project_id) : undefined}
          />
        ))}
      </ul>
    </Page>
  );
}

/** The next to run first; those that are paused at the end, as they come. */
const inOrder = (schedules: readonly Schedule[]): Schedule[] =>
  schedules.toSorted((one, other) => {
    if (one.next_run_at === null || other.next_run_at === null) {
      return Number(one.next_run_at === null) - Number(other.next_run_at === null);
    }
    return Date.parse(one.next_run_at) - Date.parse(other.next_run_at);
  });

function Filters() {
  const { project, status = "" } = useSearch({ from: "/schedules" });
  const navigate = useNavigate({ from: "/schedules" });
  const show = (search: { project?: string | undefined; status?: Schedule["status"] | undefined }) =>
    void navigate({ search: (before) => withoutEmpty({ ...before, ...search }), replace: true });
  return (
    <div className={styles.filters}>
      <ProjectFilter project={project} onChange={(chosen) => show({ project: chosen })} />
      <SelectField
        label="Status"
        isLabelHidden
        value={status}
        options={[
          { value: "", label: "Active and paused" },
          { value: "active", label: "Active" },
          { value: "paused", label: "Paused" },
        ]}
        onChange={({ target: { value } }) =>
          show({ status: value === "active" || value === "paused" ? value : undefined })
        }
      />
    </div>
  );
}

const NothingFits = () => (
  <Empty icon={<CalendarClock />} title="Nothing fits">
    There is no schedule of this project and status. <Link to="/schedules">Show all</Link>
  </Empty>
);

const NoneYet = () => (
  <>
    <Empty icon={<CalendarClock />} title="Nothing is scheduled yet">
      Begin with one of these, or ask a task for one in words.
    </Empty>
    <ul className={styles.beginnings}>
      {BEGINNINGS.map(({ title, when, cron, prompt }) => (
        <li key={title}>
          <Link to="/schedules/new" search={{ cron, prompt }} className={styles.beginning}>
            <span className={styles.name}>{title}</span>
            <span className={styles.muted}>{when}</span>
            <span className={styles.said}>{prompt}</span>
          </Link>
        </li>
      ))}
    </ul>
  </>
);
