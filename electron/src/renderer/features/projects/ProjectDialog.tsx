/** The name and the description of a project, of a new one or one that is there. */
import { useState } from "react";
import { ApiError } from "@/api/client";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { TextArea, TextField } from "@/components/Field";
import { toastError } from "@/components/toast";
import styles from "./ProjectView.module.css";

interface Words {
  name: string;
  description: string;
}

interface ProjectDialogProps {
  title: string;
  /** What its button says. */
  action: string;
  before?: Words;
  save: (words: Words) => Promise<void>;
  onClose: () => void;
}

const NOTHING: Words = { name: "", description: "" };

export function ProjectDialog({ title, action, before = NOTHING, save, onClose }: ProjectDialogProps) {
  const [words, setWords] = useState(before);
  const [faults, setFaults] = useState<Record<string, string>>({});
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    try {
      await save({ name: words.name.trim(), description: words.description.trim() });
      onClose();
    } catch (error) {
      const told = error instanceof ApiError ? error.fields : {};
      setFaults(told);
      if (!told.name && !told.description) toastError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={title}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="project" isBusy={isBusy} disabled={!words.name.trim()}>
            {action}
          </Button>
        </>
      }
    >
      <form
        id="project"
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (words.name.trim() && !isBusy) void submit();
        }}
      >
        <TextField
          label="Name"
          value={words.name}
          maxLength={200}
          error={faults.name}
          onChange={(event) => setWords({ ...words, name: event.target.value })}
        />
        <TextArea
          label="Description"
          isOptional
          hint="Its tasks are told this too."
          value={words.description}
          maxLength={2_000}
          error={faults.description}
          onChange={(event) => setWords({ ...words, description: event.target.value })}
        />
      </form>
    </Dialog>
  );
}
