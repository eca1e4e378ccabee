/** The words of a memory are changed. */
import { useState } from "react";
import { updateMemory } from "@/api/memories";
import type { Memory } from "@/api/types";
import { Button } from "@/components/Button";
import { TextArea } from "@/components/Field";
import { Failed } from "@/components/States";
import { useFormFaults } from "@/hooks/useFormFaults";
import { useRenew } from "@/hooks/useRenew";
import styles from "./MemoriesView.module.css";

export function MemoryEditor({ memory, onClose }: { memory: Memory; onClose: () => void }) {
  const [content, setContent] = useState(memory.content);
  const { form, faults, error, fail } = useFormFaults((field) => field === "content");
  const renew = useRenew();
  const save = async () => {
    try {
      if (content !== memory.content) await updateMemory(memory.id, content);
      renew("memories");
      onClose();
    } catch (failure) {
      fail(failure);
    }
  };
  return (
    <form
      ref={form}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <TextArea
        label="Memory"
        isLabelHidden
        value={content}
        maxLength={200_000}
        error={faults.content}
        // The user has just asked to write here.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        onChange={(event) => setContent(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
        }}
      />
      {error !== null && <Failed error={error} isInline />}
      <div className={styles.deeds}>
        <Button size="small" kind="primary" type="submit" disabled={!content.trim()}>
          Save
        </Button>
        <Button size="small" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
