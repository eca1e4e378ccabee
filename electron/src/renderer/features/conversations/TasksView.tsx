/** All tasks, also those of the archive: listed, filtered, searched, and put in order many at once. */
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { SquarePen } from "lucide-react";
import { Button } from "@/components/Button";
import { Page } from "@/components/Page";
import { ProjectFilter } from "@/components/ProjectFilter";
import { SearchField } from "@/components/SearchField";
import { withoutEmpty } from "@/components/withoutEmpty";
import { TaskRows } from "./TaskRows";
import { TaskSearch } from "./TaskSearch";
import styles from "./TasksView.module.css";

interface TaskFilter {
  status?: "archived";
  project?: string;
  q?: string;
}

export function TasksView() {
  const filter = useSearch({ from: "/tasks" });
  const navigate = useNavigate();
  const show = (changes: { q?: string; project?: string | undefined }) =>
    void navigate({ to: "/tasks", search: withoutEmpty({ ...filter, ...changes }), replace: true });
  return (
    <Page
      title="Tasks"
      actions={
        <Button
          icon={<SquarePen />}
          onClick={() =>
            void navigate({ to: "/", search: filter.project ? { project: filter.project } : {} })
          }
        >
          New task
        </Button>
      }
    >
      <div className={styles.filters}>
        <SearchField
          label="Search tasks"
          placeholder="Search titles and messages"
          className={styles.words}
          q={filter.q ?? ""}
          onSettled={(q) => show({ q })}
        />
        <ProjectFilter project={filter.project} onChange={(project) => show({ project })} />
      </div>
      {filter.q ? (
        <TaskSearch words={filter.q} projectId={filter.project} />
      ) : (
        <>
          <StatusFilter filter={filter} />
          <TaskRows
            // What was chosen in one list is not of the other.
            key={`${filter.status ?? "active"} ${filter.project ?? ""}`}
            status={filter.status ?? "active"}
            projectId={filter.project}
          />
        </>
      )}
    </Page>
  );
}

function StatusFilter({ filter }: { filter: TaskFilter }) {
  const isArchived = filter.status === "archived";
  return (
    <nav className={styles.status} aria-label="Which tasks">
      <Link
        to="/tasks"
        search={withoutEmpty({ ...filter, status: undefined })}
        aria-current={isArchived ? undefined : "page"}
      >
        Active
      </Link>
      <Link
        to="/tasks"
        search={withoutEmpty({ ...filter, status: "archived" as const })}
        aria-current={isArchived ? "page" : undefined}
      >
        Archived
      </Link>
    </nav>
  );
}
