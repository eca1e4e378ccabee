/** The tasks of a project. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { conversationsQuery, inFlightQuery } from "@/api/conversations";
import type { Project } from "@/api/types";
import { Dot } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Empty, Failed, Loading } from "@/components/States";
import { TaskMenu } from "@/components/TaskMenu";
import { Time } from "@/components/Time";
import { useUnseen } from "@/state/unseen";
import styles from "./ProjectView.module.css";

export function ProjectTasks({ project }: { project: Project }) {
  const tasks = useInfiniteQuery(conversationsQuery({ status: "active", project_id: project.id }));
  const running = useQuery(inFlightQuery);
  const unseen = useUnseen();
  if (tasks.isPending) return <Loading lines={5} label="Loading tasks" />;
  if (tasks.isError) return <Failed error={tasks.error} onRetry={() => void tasks.refetch()} />;
  const listed = tasks.data.pages.flatMap((page) => page.data);
  const live = new Set(running.data?.data.map((response) => response.conversation_id));
  return (
    <>
      {listed.length === 0 && (
        <Empty icon={<MessagesSquare />} title="This project has no tasks yet">
          <Link to="/" search={{ project: project.id }}>
            Begin a new task
          </Link>{" "}
          with its files, memories and connections.
        </Empty>
      )}
      <ul className={styles.rows} aria-label="Tasks">
        {listed.map((task) => (
          <li key={task.id} className={styles.row}>
            <Link to="/tasks/$conversationId" params={{ conversationId: task.id }} className={styles.link}>
              <span className={styles.name}>{task.title ?? "New task"}</span>
              {live.has(task.id) && <Dot tone="accent" label="Running" isLive />}
              {!live.has(task.id) && unseen.has(task.id) && <Dot tone="info" label="Ended, not seen yet" />}
              <span className={styles.fact}>
                <Time at={task.updated_at} />
              </span>
            </Link>
            <TaskMenu task={task} />
          </li>
        ))}
      </ul>
      <div className={styles.more}>
        {tasks.hasNextPage && (
          <Button isBusy={tasks.isFetchingNextPage} onClick={() => void tasks.fetchNextPage()}>
            Show more
          </Button>
        )}
        <Link to="/tasks" search={{ project: project.id, status: "archived" }}>
          Archived tasks
        </Link>
      </div>
    </>
  );
}
