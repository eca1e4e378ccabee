/** Something is to be remembered. */
import { useRef, useState } from "react";
import { createMemory } from "@/api/memories";
import { Button } from "@/components/Button";
import { TextArea } from "@/components/Field";
import { Failed } from "@/components/States";
import { useFormFaults } from "@/hooks/useFormFaults";
import { useRenew } from "@/hooks/useRenew";
import styles from "./MemoriesView.module.css";

interface NewMemoryProps {
  /** Null: it holds everywhere. */
  projectId: string | null;
  projectName: string;
}

export function NewMemory({ projectId, projectName }: NewMemoryProps) {
  const [content, setContent] = useState("");
  const isBusy = useRef(false);
  const { form, faults, error, fail, clear } = useFormFaults((field) => field === "content");
  const renew = useRenew();
  const add = async () => {
    if (isBusy.current || !content.trim()) return;
    isBusy.current = true;
    clear();
    try {
      await createMemory(content.trim(), projectId);
      setContent("");
      renew("memories");
      form.current?.querySelector("textarea")?.focus();
    } catch (failure) {
      fail(failure);
    } finally {
      isBusy.current = false;
    }
  };
  return (
    <form
      ref={form}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <TextArea
        label="Remember"
        rows={2}
        value={content}
        maxLength={200_000}
        placeholder="A fact or a preference"
        hint={projectId === null ? "It holds in every project." : `It holds in ${projectName}.`}
        error={faults.content}
        onChange={(event) => setContent(event.target.value)}
      />
      {error !== null && <Failed error={error} isInline />}
      <Button kind="primary" type="submit" disabled={!content.trim()}>
        Remember it
      </Button>
    </form>
  );
}
