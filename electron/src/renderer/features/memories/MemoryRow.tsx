/** One memory: changed in its place, deleted with a way back, and where it was used. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { createMemory, deleteMemory, memoryUsesQuery, updateMemory } from "@/api/memories";
import type { Memory } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Button, IconButton } from "@/components/Button";
import { TextArea } from "@/components/Field";
import { Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./MemoriesView.module.css";

export function MemoryRow({ memory }: { memory: Memory }) {
  const [isEditing, setEditing] = useState(false);
  const renew = useRenew();
  const remove = async () => {
    await deleteMemory(memory.id);
    renew("memories");
    toast("The memory is forgotten.", {
      label: "Undo",
      onPress: () =>
        void createMemory(memory.content, memory.project_id).then(() => renew("memories"), toastError),
    });
  };
  return (
    <li className={styles.memory}>
      {isEditing ? (
        <Editor memory={memory} onClose={() => setEditing(false)} />
      ) : (
        <>
          <p className={styles.content}>{memory.content}</p>
          <div className={styles.deeds}>
            <IconButton label="Edit" icon={<Pencil />} size="small" onClick={() => setEditing(true)} />
            <IconButton
              label="Forget"
              icon={<Trash2 />}
              size="small"
              onClick={() => void remove().catch(toastError)}
            />
          </div>
        </>
      )}
      <div className={styles.facts}>
        {memory.source === "agent" && <Badge>By the agent</Badge>}
        <Time at={memory.updated_at} />
        <Uses memory={memory} />
      </div>
    </li>
  );
}

function Editor({ memory, onClose }: { memory: Memory; onClose: () => void }) {
  const [content, setContent] = useState(memory.content);
  const renew = useRenew();
  const save = async () => {
    await updateMemory(memory.id, content);
    renew("memories");
    onClose();
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void save().catch(toastError);
      }}
    >
      <TextArea
        label="Memory"
        isLabelHidden
        value={content}
        // The user has just asked to write here.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        onChange={(event) => setContent(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
      />
      <div className={styles.deeds}>
        <Button size="small" onClick={onClose}>
          Cancel
        </Button>
        <Button size="small" kind="primary" type="submit" disabled={!content.trim()}>
          Save
        </Button>
      </div>
    </form>
  );
}

function Uses({ memory }: { memory: Memory }) {
  const [isOpen, setOpen] = useState(false);
  const uses = useQuery({ ...memoryUsesQuery(memory.id), enabled: isOpen });
  return (
    <details className={styles.uses} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Where it was used</summary>
      {isOpen && uses.isPending && <Loading lines={1} />}
      {uses.isError && <Failed error={uses.error} onRetry={() => void uses.refetch()} isInline />}
      {uses.data?.total === 0 && <p>Nowhere yet.</p>}
      <ul>
        {uses.data?.data.map((use) => (
          <li key={use.response_id}>
            <Link to="/tasks/$conversationId" params={{ conversationId: use.conversation_id }}>
              {use.title ?? "A task"}
            </Link>{" "}
            <Time at={use.created_at} />
          </li>
        ))}
      </ul>
    </details>
  );
}
