/** The tasks that were used last, before anything is typed. */
import { useNavigate } from "@tanstack/react-router";
import { Command as Palette } from "cmdk";
import { MessageSquare } from "lucide-react";
import type { Conversation } from "@/api/types";
import styles from "./CommandPalette.module.css";
import { valueOf } from "./valueOf";

interface RecentTasksProps {
  tasks: readonly Conversation[];
  onChosen: () => void;
}

export function RecentTasks({ tasks, onChosen }: RecentTasksProps) {
  const navigate = useNavigate();
  if (tasks.length === 0) return null;
  return (
    <Palette.Group heading="Recent tasks" className={styles.group}>
      {tasks.map((task) => (
        <Palette.Item
          key={task.id}
          value={valueOf.task(task)}
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
