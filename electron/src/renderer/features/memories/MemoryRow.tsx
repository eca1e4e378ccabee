/** One memory: changed in its place, deleted with a way back, and where it was used. */
import { Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { createMemory, deleteMemory } from "@/api/memories";
import type { Memory } from "@/api/types";
import { Badge } from "@/components/Badge";
import { IconButton } from "@/components/Button";
import { Time } from "@/components/Time";
import { toast, toastError } from "@/components/toast";
import { useFocusBack } from "@/hooks/useFocusBack";
import { useRenew } from "@/hooks/useRenew";
import styles from "./MemoriesView.module.css";
import { MemoryEditor } from "./MemoryEditor";
import { Uses } from "./Uses";

interface MemoryRowProps {
  memory: Memory;
  /** It is deleted: the focus has to go elsewhere. */
  onGone: () => void;
}

export function MemoryRow({ memory, onGone }: MemoryRowProps) {
  const [isEditing, setEditing] = useState(false);
  const [edit, giveFocusBack] = useFocusBack<HTMLButtonElement>();
  const renew = useRenew();
  const remove = async () => {
    await deleteMemory(memory.id);
    onGone();
    renew("memories");
    toast("The memory is forgotten.", {
      label: "Undo",
      onPress: () =>
        void createMemory(memory.content, memory.project_id).then(() => renew("memories"), toastError),
    });
  };
  const close = () => {
    setEditing(false);
    giveFocusBack();
  };
  return (
    <li className={styles.memory}>
      {isEditing ? (
        <MemoryEditor memory={memory} onClose={close} />
      ) : (
        <>
          <p className={styles.content}>{memory.content}</p>
          <div className={styles.deeds}>
            <IconButton
              ref={edit}
              label="Edit"
              icon={<Pencil />}
              size="small"
              onClick={() => setEditing(true)}
            />
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
        {memory.source === "agent" ? <Badge tone="accent">By the agent</Badge> : <span>By you</span>}
        <Time at={memory.updated_at} />
        <Uses memoryId={memory.id} />
      </div>
    </li>
  );
}
