/** What can be done with a task in the list: rename, archive, delete. */
import { useNavigate, useParams } from "@tanstack/react-router";
import { Archive, Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { deleteConversation, updateConversation } from "@/api/conversations";
import type { Conversation } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { Dialog } from "@/components/Dialog";
import { TextField } from "@/components/Field";
import { Menu, MenuItem, MenuSeparator } from "@/components/Menu";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./TaskList.module.css";

export function TaskMenu({ task }: { task: Conversation }) {
  const [isRenaming, setRenaming] = useState(false);
  const confirm = useConfirm();
  const renew = useRenew();
  const navigate = useNavigate();
  const shown = useParams({ strict: false }).conversationId;
  const name = task.title ?? "New task";

  const leave = async () => {
    if (shown === task.id) await navigate({ to: "/", search: {} });
  };
  const setStatus = async (status: "active" | "archived") => {
    await updateConversation(task.id, { status });
    renew("conversations");
  };
  const archive = async () => {
    await setStatus("archived");
    await leave();
    toast(`“${name}” is archived.`, {
      label: "Undo",
      onPress: () => void setStatus("active").catch(toastError),
    });
  };
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this task?",
      description: `“${name}”, its messages, notebooks and files will be gone. Artifacts stay in their project.`,
      action: "Delete",
    });
    if (!isSure) return;
    await deleteConversation(task.id);
    await leave();
    renew("conversations");
  };

  return (
    <>
      <Menu
        trigger={
          <IconButton label={`Options of ${name}`} icon={<Ellipsis />} size="small" className={styles.more} />
        }
      >
        <MenuItem icon={<Pencil />} onSelect={() => setRenaming(true)}>
          Rename
        </MenuItem>
        <MenuItem icon={<Archive />} onSelect={() => void archive().catch(toastError)}>
          Archive
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Trash2 />} isDangerous onSelect={() => void remove().catch(toastError)}>
          Delete
        </MenuItem>
      </Menu>
      {isRenaming && <Rename task={task} onClose={() => setRenaming(false)} />}
    </>
  );
}

function Rename({ task, onClose }: { task: Conversation; onClose: () => void }) {
  const [title, setTitle] = useState(task.title ?? "");
  const renew = useRenew();
  const save = async () => {
    await updateConversation(task.id, { title });
    renew("conversations");
    onClose();
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Rename the task"
      size="small"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="rename-task" disabled={!title.trim()}>
            Rename
          </Button>
        </>
      }
    >
      <form
        id="rename-task"
        onSubmit={(event) => {
          event.preventDefault();
          void save().catch(toastError);
        }}
      >
        <TextField
          label="Title"
          value={title}
          maxLength={200}
          onChange={(event) => setTitle(event.target.value)}
        />
      </form>
    </Dialog>
  );
}
