/** The tasks that were worked on last. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { conversationsQuery } from "@/api/conversations";
import { Time } from "@/components/Time";
import { NEW, useDraft } from "@/state/draft";
import styles from "./NewTaskView.module.css";

const SHOWN = 5;

export function RecentTasks() {
  const tasks = useInfiniteQuery(conversationsQuery({ status: "active" }));
  const draft = useDraft(NEW);
  const recent = (tasks.data?.pages[0]?.data ?? []).filter(({ id }) => id !== draft.conversation?.id);
  if (recent.length === 0) return null;
  return (
    <section className={styles.recent} aria-labelledby="recent">
      <header>
        <h2 id="recent">Recent</h2>
        <Link to="/tasks">All tasks</Link>
      </header>
      <ul>
        {recent.slice(0, SHOWN).map((task) => (
          <li key={task.id}>
            <Link to="/tasks/$conversationId" params={{ conversationId: task.id }} className={styles.task}>
              <span className={styles.name}>{task.title ?? "New task"}</span>
              <Time at={task.updated_at} />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
