/** The head of a task: its title, which is edited in its place, where it belongs, and what can be done with it. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { GitBranch, PanelRight } from "lucide-react";
import { useEffect, useRef, useState, type SubmitEvent } from "react";
import { conversationQuery, updateConversation } from "@/api/conversations";
import { projectQuery } from "@/api/projects";
import type { Conversation, ConversationOrigin } from "@/api/types";
import { Badge } from "@/components/Badge";
import { IconButton } from "@/components/Button";
import { MenuItem } from "@/components/Menu";
import { useTitle } from "@/components/Page";
import { TaskMenu } from "@/components/TaskMenu";
import { toastError } from "@/components/toast";
import { useFocusBack } from "@/hooks/useFocusBack";
import { useRenew } from "@/hooks/useRenew";
import { tried, useDeeds } from "./deeds";
import styles from "./TaskHeader.module.css";

interface TaskHeaderProps {
  task: Conversation;
  isContentsOpen: boolean;
  onToggleContents: () => void;
}

export function TaskHeader({ task, isContentsOpen, onToggleContents }: TaskHeaderProps) {
  const deeds = useDeeds();
  useTitle(task.title ?? "New task");
  return (
    <header className={styles.header}>
      <div className={styles.heading}>
        <Title key={task.id} task={task} />
        <div className={styles.trail}>
          {task.project_id !== null && <ProjectLink id={task.project_id} />}
          {task.branched_from && <OriginLink origin={task.branched_from} />}
          {task.status === "archived" && <Badge>Archived</Badge>}
        </div>
      </div>
      <div className={styles.actions}>
        <TaskMenu task={task}>
          <MenuItem icon={<GitBranch />} onSelect={() => tried(deeds.branch(null))}>
            Branch the whole task
          </MenuItem>
        </TaskMenu>
        <IconButton
          label={isContentsOpen ? "Hide what belongs to this task" : "Show what belongs to this task"}
          icon={<PanelRight />}
          size="small"
          aria-expanded={isContentsOpen}
          onClick={onToggleContents}
        />
      </div>
    </header>
  );
}

function Title({ task }: { task: Conversation }) {
  const [words, setWords] = useState<string | null>(null);
  const [button, giveFocusBack] = useFocusBack<HTMLButtonElement>();
  const field = useRef<HTMLInputElement>(null);
  const renew = useRenew();
  const isEditing = words !== null;
  useEffect(() => {
    if (isEditing) field.current?.select();
  }, [isEditing]);

  const stop = (isByKey: boolean) => {
    setWords(null);
    if (isByKey) giveFocusBack();
  };
  const save = (isByKey: boolean) => {
    const title = words?.trim() ?? "";
    if (title !== "" && title !== task.title) {
      updateConversation(task.id, { title }).then(() => renew("conversations"), toastError);
    }
    stop(isByKey);
  };
  if (!isEditing) {
    return (
      <h1 className={styles.title}>
        <button ref={button} type="button" title="Rename" onClick={() => setWords(task.title ?? "")}>
          {task.title ?? "New task"}
        </button>
      </h1>
    );
  }
  return (
    <form
      className={styles.title}
      onSubmit={(event: SubmitEvent) => {
        event.preventDefault();
        save(true);
      }}
    >
      <h1 className="visually-hidden">{task.title ?? "New task"}</h1>
      <input
        ref={field}
        aria-label="Title of the task"
        value={words}
        maxLength={200}
        onChange={(event) => setWords(event.target.value)}
        onBlur={() => save(false)}
        onKeyDown={(event) => event.key === "Escape" && stop(true)}
      />
    </form>
  );
}

function ProjectLink({ id }: { id: string }) {
  const { data } = useQuery(projectQuery(id));
  return data ? (
    <Link to="/projects/$projectId" params={{ projectId: id }} className={styles.project}>
      {data.name}
    </Link>
  ) : null;
}

function OriginLink({ origin }: { origin: ConversationOrigin }) {
  const { data, isError } = useQuery(conversationQuery(origin.conversation_id));
  if (isError) return <span>Branched from a deleted task</span>;
  return data ? (
    <span className={styles.origin}>
      Branched from{" "}
      <Link
        to="/tasks/$conversationId"
        params={{ conversationId: origin.conversation_id }}
        search={origin.item_id === null ? {} : { item: origin.item_id }}
      >
        {data.title ?? "a task"}
      </Link>
    </span>
  ) : null;
}
