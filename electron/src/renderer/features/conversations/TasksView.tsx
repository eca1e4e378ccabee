/** All tasks, also those of the archive: listed, filtered, searched, and put in order many at once. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { SquarePen } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import { projectsQuery } from "@/api/projects";
import { Button } from "@/components/Button";
import { SelectField, TextField } from "@/components/Field";
import { Page } from "@/components/Page";
import { useDebounced } from "@/hooks/useDebounced";
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
        <Words filter={filter} />
        <ProjectFilter filter={filter} />
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

/** The address follows what is typed, once it stands still. */
function Words({ filter }: { filter: TaskFilter }) {
  const navigate = useNavigate();
  const [words, setWords] = useState(filter.q ?? "");
  const settled = useDebounced(words.trim(), 200);
  const { q = "" } = filter;
  const follow = useEffectEvent((to: string) => {
    if (to !== q) void navigate({ to: "/tasks", search: changed(filter, { q: to }), replace: true });
  });
  useEffect(() => follow(settled), [settled]);
  // A step back in the browser's history, or a link.
  const [known, setKnown] = useState(q);
  if (known !== q) {
    setKnown(q);
    if (q !== settled) setWords(q);
  }
  return (
    <TextField
      type="search"
      label="Search tasks"
      isLabelHidden
      placeholder="Search titles and messages"
      className={styles.words}
      value={words}
      onChange={(event) => setWords(event.target.value)}
    />
  );
}

function ProjectFilter({ filter }: { filter: TaskFilter }) {
  const projects = useQuery(projectsQuery);
  const navigate = useNavigate();
  return (
    <SelectField
      label="Project"
      isLabelHidden
      value={filter.project ?? ""}
      options={[
        { value: "", label: "All projects" },
        ...(projects.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
      ]}
      onChange={({ target: { value } }) =>
        void navigate({ to: "/tasks", search: changed(filter, { project: value }), replace: true })
      }
    />
  );
}

function StatusFilter({ filter }: { filter: TaskFilter }) {
  const isArchived = filter.status === "archived";
  return (
    <nav className={styles.status} aria-label="Which tasks">
      <Link
        to="/tasks"
        search={changed(filter, { status: undefined })}
        aria-current={isArchived ? undefined : "page"}
      >
        Active
      </Link>
      <Link
        to="/tasks"
        search={changed(filter, { status: "archived" })}
        aria-current={isArchived ? "page" : undefined}
      >
        Archived
      </Link>
    </nav>
  );
}

/** Without what is empty, which has no place in an address. */
const changed = (
  filter: TaskFilter,
  changes: { [Name in keyof TaskFilter]: TaskFilter[Name] | undefined },
): TaskFilter => Object.fromEntries(Object.entries({ ...filter, ...changes }).filter(([, value]) => value));
