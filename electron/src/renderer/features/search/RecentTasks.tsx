/** The tasks that were used last, before anything is typed. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command as Palette } from "cmdk";
import { MessageSquare } from "lucide-react";
import { conversationsQuery } from "@/api/conversations";
import styles from "./CommandPalette.module.css";

const SHOWN = 5;

export function RecentTasks({ onChosen }: { onChosen: () => void }) {
  const tasks = useInfiniteQuery(conversationsQuery({ status: "active" }));
  const navigate = useNavigate();
  const recent = tasks.data?.pages[0]?.data.slice(0, SHOWN) ?? [];
  if (recent.length === 0) return null;
  return (
    <Palette.Group heading="Recent tasks" className={styles.group}>
      {recent.map((task) => (
        <Palette.Item
          key={task.id}
          value={`conversation ${task.id}`}
          className={styles.item}
          onSelect={() => {
            onChosen();
            void navigate({ to: "/tasks/$conversationId", params: { conversationId: task.id } });
          }}
        >
          <span className={styles.icon} aria-hidden>
            <MessageSquare />
          </span>
          <span className={styles.title}>{task.title ?? "New task"}</span>
        </Palette.Item>
      ))}
    </Palette.Group>
  );
}
