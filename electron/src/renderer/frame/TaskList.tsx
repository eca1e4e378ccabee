/** The tasks, last used first: a dot where a turn runs, a mark where one ended unseen. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { conversationsQuery, inFlightQuery } from "@/api/conversations";
import { Button } from "@/components/Button";
import { Dot } from "@/components/Badge";
import { Failed, Loading } from "@/components/States";
import { TaskMenu } from "@/components/TaskMenu";
import { useUnseen } from "@/state/unseen";
import styles from "./TaskList.module.css";

export function TaskList() {
  const tasks = useInfiniteQuery(conversationsQuery({ status: "active" }));
  const running = useQuery(inFlightQuery);
  const unseen = useUnseen();
  const live = new Set(running.data?.data.map((response) => response.conversation_id));
  const listed = tasks.data?.pages.flatMap((page) => page.data) ?? [];

  return (
    <section className={styles.tasks} aria-labelledby="tasks">
      <h2 className={styles.title} id="tasks">
        <Link to="/tasks">Tasks</Link>
      </h2>
      {tasks.isPending && <Loading lines={4} label="Loading tasks" />}
      {tasks.isError && <Failed error={tasks.error} onRetry={() => void tasks.refetch()} isInline />}
      {tasks.isSuccess && listed.length === 0 && (
        <p className={styles.none}>Your tasks will be listed here.</p>
      )}
      <ul>
        {listed.map((task) => (
          <li key={task.id} className={styles.task}>
            <Link
              to="/tasks/$conversationId"
              params={{ conversationId: task.id }}
              className={styles.link}
              activeProps={{ className: styles.active ?? "", "aria-current": "page" }}
            >
              <span className={styles.name}>{task.title ?? "New task"}</span>
              {live.has(task.id) ? (
                <Dot tone="accent" label="Running" isLive />
              ) : (
                unseen.has(task.id) && <Dot tone="info" label="Ended, not seen yet" />
              )}
            </Link>
            <TaskMenu task={task} className={styles.more} />
          </li>
        ))}
      </ul>
      {tasks.hasNextPage && (
        <Button
          kind="ghost"
          size="small"
          isBusy={tasks.isFetchingNextPage}
          onClick={() => void tasks.fetchNextPage()}
        >
          Show more
        </Button>
      )}
    </section>
  );
}
