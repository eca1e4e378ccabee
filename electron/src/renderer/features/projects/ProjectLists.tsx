/** What else belongs to a project, in short lists that lead to the views of each. */
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Brain, CalendarClock, LayoutGrid } from "lucide-react";
import type { ReactNode } from "react";
import { artifactsQuery } from "@/api/artifacts";
import { memoriesQuery } from "@/api/memories";
import { schedulesQuery } from "@/api/schedules";
import type { Page, Project } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Empty, Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import styles from "./ProjectView.module.css";

interface ListedProps<T> {
  label: string;
  list: UseQueryResult<Page<T>>;
  /** What is said where there is none. */
  empty: ReactNode;
  row: (thing: T) => ReactNode;
  /** The way to the view of all. */
  more: ReactNode;
}

function Listed<T extends { id: string }>({ label, list, empty, row, more }: ListedProps<T>) {
  if (list.isPending) return <Loading lines={4} />;
  if (list.isError) return <Failed error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <>
      {list.data.data.length === 0 && empty}
      <ul className={styles.rows} aria-label={label}>
        {list.data.data.map((thing) => (
          <li key={thing.id} className={styles.row}>
            {row(thing)}
          </li>
        ))}
      </ul>
      <div className={styles.more}>{more}</div>
    </>
  );
}

export const ProjectArtifacts = ({ project: { id } }: { project: Project }) => (
  <Listed
    label="Artifacts"
    list={useQuery(artifactsQuery({ project_id: id }))}
    empty={
      <Empty icon={<LayoutGrid />} title="Nothing has been made yet">
        Ask a task for a report, a dashboard or a small app; it will be here.
      </Empty>
    }
    row={(artifact) => (
      <Link to="/artifacts/$artifactId" params={{ artifactId: artifact.id }} className={styles.link}>
        <span className={styles.name}>{artifact.title}</span>
        <span className={styles.fact}>
          <Time at={artifact.updated_at} />
        </span>
      </Link>
    )}
    more={
      <Link to="/artifacts" search={{ project: id }}>
        Show them in the gallery
      </Link>
    }
  />
);

export const ProjectSchedules = ({ project: { id } }: { project: Project }) => (
  <Listed
    label="Schedules"
    list={useQuery(schedulesQuery({ project_id: id }))}
    empty={
      <Empty icon={<CalendarClock />} title="Nothing is scheduled">
        A schedule gives a task of this project to the agent again and again.
      </Empty>
    }
    row={(schedule) => (
      <Link to="/schedules/$scheduleId" params={{ scheduleId: schedule.id }} className={styles.link}>
        <span className={styles.name}>{schedule.prompt}</span>
        {schedule.status === "paused" && <Badge>Paused</Badge>}
        <span className={styles.fact}>
          {schedule.next_run_at && (
            <>
              Next <Time at={schedule.next_run_at} />
            </>
          )}
        </span>
      </Link>
    )}
    more={<Link to="/schedules">All schedules</Link>}
  />
);

export const ProjectMemories = ({ project: { id } }: { project: Project }) => (
  <Listed
    label="Memories"
    list={useQuery(memoriesQuery({ project_id: id }))}
    empty={
      <Empty icon={<Brain />} title="Nothing is remembered for this project">
        Its tasks are told what is remembered here, besides what holds everywhere.
      </Empty>
    }
    row={(memory) => (
      <p className={styles.memory}>
        {memory.content}
        {memory.source === "agent" && <Badge>By the agent</Badge>}
      </p>
    )}
    more={<Link to="/memories">Add, change and forget memories</Link>}
  />
);
