/** What can be done with a task in a list: rename, archive or take out of the archive, delete. */
import { useNavigate, useParams } from "@tanstack/react-router";
import { Archive, ArchiveRestore, Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { deleteConversation, updateConversation } from "@/api/conversations";
import type { Conversation } from "@/api/types";
import { useRenew } from "@/hooks/useRenew";
import { IconButton } from "./Button";
import { useConfirm } from "./Confirm";
import { Menu, MenuItem, MenuSeparator } from "./Menu";
import { RenameDialog } from "./RenameDialog";
import { toast, toastError } from "./toast";

const LONGEST = 200;

interface TaskMenuProps {
  task: Conversation;
  className?: string | undefined;
  /** More items, after the renaming. */
  children?: ReactNode;
}

export function TaskMenu({ task, className, children }: TaskMenuProps) {
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
          <IconButton
            label={`Options of ${name}`}
            icon={<Ellipsis />}
            size="small"
            {...(className ? { className } : {})}
          />
        }
      >
        <MenuItem icon={<Pencil />} onSelect={() => setRenaming(true)}>
          Rename
        </MenuItem>
        {children}
        {task.status === "archived" ? (
          <MenuItem icon={<ArchiveRestore />} onSelect={() => void setStatus("active").catch(toastError)}>
            Take out of the archive
          </MenuItem>
        ) : (
          <MenuItem icon={<Archive />} onSelect={() => void archive().catch(toastError)}>
            Archive
          </MenuItem>
        )}
        <MenuSeparator />
        <MenuItem icon={<Trash2 />} isDangerous onSelect={() => void remove().catch(toastError)}>
          Delete
        </MenuItem>
      </Menu>
      {isRenaming && (
        <RenameDialog
          title="Rename the task"
          field="title"
          value={task.title ?? ""}
          maxLength={LONGEST}
          save={async (title) => {
            await updateConversation(task.id, { title });
            renew("conversations");
          }}
          onClose={() => setRenaming(false)}
        />
      )}
    </>
  );
}
