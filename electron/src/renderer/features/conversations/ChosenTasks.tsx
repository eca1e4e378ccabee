/** What can be done with many tasks at once. */
import { Archive, ArchiveRestore, Trash2 } from "lucide-react";
import { useEffect, useRef } from "react";
import { deleteConversation, updateConversation } from "@/api/conversations";
import type { Conversation } from "@/api/types";
import { Button } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { plural } from "@/components/format";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./TasksView.module.css";

interface ChosenTasksProps {
  chosen: readonly Conversation[];
  listed: number;
  /** With those that are not listed yet. */
  total: number;
  status: "active" | "archived";
  onChoose: (isAll: boolean) => void;
}

export function ChosenTasks({ chosen, listed, total, status, onChoose }: ChosenTasksProps) {
  const all = useRef<HTMLInputElement>(null);
  const deeds = useDeeds(chosen);
  const isPart = chosen.length > 0 && chosen.length < listed;
  useEffect(() => {
    if (all.current) all.current.indeterminate = isPart;
  }, [isPart]);
  /** The buttons leave with what was chosen. */
  const done = () => {
    onChoose(false);
    all.current?.focus();
  };
  return (
    <div className={styles.bar}>
      <div className={styles.all}>
        <input
          ref={all}
          type="checkbox"
          aria-label="Choose all"
          className={styles.choice}
          checked={chosen.length === listed}
          onChange={(event) => onChoose(event.target.checked)}
        />
        <span role="status">
          {chosen.length > 0 ? `${chosen.length} of ${plural(listed, "task")} chosen` : plural(total, "task")}
        </span>
      </div>
      {chosen.length > 0 && (
        <span className={styles.deeds}>
          {status === "active" ? (
            <Button size="small" icon={<Archive />} onClick={() => void deeds.archive(done)}>
              Archive
            </Button>
          ) : (
            <Button size="small" icon={<ArchiveRestore />} onClick={() => void deeds.restore(done)}>
              Take out of the archive
            </Button>
          )}
          <Button size="small" kind="danger" icon={<Trash2 />} onClick={() => void deeds.remove(done)}>
            Delete
          </Button>
        </span>
      )}
    </div>
  );
}

function useDeeds(chosen: readonly Conversation[]) {
  const confirm = useConfirm();
  const renew = useRenew();
  /** Goes through all of them, whatever comes of one, and says what went wrong. */
  const each = async (deed: (id: string) => Promise<unknown>, tasks = chosen) => {
    const outcomes = await Promise.allSettled(tasks.map(({ id }) => deed(id)));
    renew("conversations");
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) toastError(failed.reason);
  };
  const put = (status: "active" | "archived") => (id: string) => updateConversation(id, { status });
  const archive = async (done: () => void) => {
    const tasks = chosen;
    await each(put("archived"));
    done();
    toast(`${plural(tasks.length, "task")} archived.`, {
      label: "Undo",
      onPress: () => void each(put("active"), tasks),
    });
  };
  const restore = async (done: () => void) => {
    await each(put("active"));
    done();
  };
  const remove = async (done: () => void) => {
    const isSure = await confirm({
      title: `Delete ${plural(chosen.length, "task")}?`,
      description: "Their messages, notebooks and files will be gone. Artifacts stay in their projects.",
      action: "Delete",
    });
    if (!isSure) return;
    await each(deleteConversation);
    done();
  };
  return { archive, restore, remove };
}
