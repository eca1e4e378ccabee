/** A list of tasks of which many can be chosen at once. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Archive, MessagesSquare } from "lucide-react";
import { useState } from "react";
import { conversationsQuery, inFlightQuery } from "@/api/conversations";
import { projectsQuery } from "@/api/projects";
import type { Conversation } from "@/api/types";
import { Dot } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Empty, Failed, Loading } from "@/components/States";
import { TaskMenu } from "@/components/TaskMenu";
import { Time } from "@/components/Time";
import { useUnseen } from "@/state/unseen";
import { ChosenTasks } from "./ChosenTasks";
import styles from "./TasksView.module.css";

interface TaskRowsProps {
  status: "active" | "archived";
  projectId: string | undefined;
}

export function TaskRows({ status, projectId }: TaskRowsProps) {
  const tasks = useInfiniteQuery(conversationsQuery({ status, ...(projectId && { project_id: projectId }) }));
  const running = useQuery(inFlightQuery);
  const projects = useQuery(projectsQuery);
  const unseen = useUnseen();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  if (tasks.isPending) return <Loading lines={6} label="Loading tasks" />;
  if (tasks.isError) return <Failed error={tasks.error} onRetry={() => void tasks.refetch()} />;

  const listed = tasks.data.pages.flatMap((page) => page.data);
  if (listed.length === 0) return <None status={status} isOfProject={projectId !== undefined} />;
  const live = new Set(running.data?.data.map((response) => response.conversation_id));
  const names = new Map(projects.data?.data.map(({ id, name }) => [id, name]));
  // What has left the list meanwhile is not chosen any more.
  const selected = listed.filter(({ id }) => chosen.has(id));
  const choose = (id: string, isChosen: boolean) => {
    const next = new Set(selected.map((task) => task.id));
    if (isChosen) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return (
    <>
      <ChosenTasks
        chosen={selected}
        listed={listed.length}
        total={tasks.data.pages[0]?.total ?? listed.length}
        status={status}
        onChoose={(isAll) => setChosen(new Set(isAll ? listed.map(({ id }) => id) : []))}
      />
      <ul className={styles.rows}>
        {listed.map((task) => (
          <TaskRow
            key={task.id}
            task={task}
            mark={live.has(task.id) ? "running" : unseen.has(task.id) ? "unseen" : null}
            project={projectId === undefined && task.project_id ? names.get(task.project_id) : undefined}
            isChosen={chosen.has(task.id)}
            onChoose={(isChosen) => choose(task.id, isChosen)}
          />
        ))}
      </ul>
      {tasks.hasNextPage && (
        <Button isBusy={tasks.isFetchingNextPage} onClick={() => void tasks.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}

interface TaskRowProps {
  task: Conversation;
  mark: "running" | "unseen" | null;
  project: string | undefined;
  isChosen: boolean;
  onChoose: (isChosen: boolean) => void;
}

function TaskRow({ task, mark, project, isChosen, onChoose }: TaskRowProps) {
  const name = task.title ?? "New task";
  return (
    <li className={styles.row}>
      <input
        type="checkbox"
        className={styles.choice}
        aria-label={`Choose ${name}`}
        checked={isChosen}
        onChange={(event) => onChoose(event.target.checked)}
      />
      <Link to="/tasks/$conversationId" params={{ conversationId: task.id }} className={styles.link}>
        <span className={styles.name}>{name}</span>
        {mark === "running" && <Dot tone="accent" label="Running" isLive />}
        {mark === "unseen" && <Dot tone="info" label="Ended, not seen yet" />}
        {project && <span className={styles.project}>{project}</span>}
        <span className={styles.time}>
          <Time at={task.updated_at} />
        </span>
      </Link>
      <TaskMenu task={task} />
    </li>
  );
}

function None({ status, isOfProject }: { status: "active" | "archived"; isOfProject: boolean }) {
  if (status === "archived") {
    return (
      <Empty icon={<Archive />} title="The archive is empty">
        What you archive leaves the list at the side, and stays here with all that belongs to it.
      </Empty>
    );
  }
  return (
    <Empty
      icon={<MessagesSquare />}
      title={isOfProject ? "This project has no tasks yet" : "No tasks yet"}
      action={<Link to="/">Begin a new task</Link>}
    >
      A task is a piece of work that you hand to the agent, with all that it made on the way.
    </Empty>
  );
}
