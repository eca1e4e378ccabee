/** Gives a thing another name. */
import { useState } from "react";
import { ApiError } from "@/api/client";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { TextField } from "./Field";
import { toastError } from "./toast";

interface RenameDialogProps {
  /** Of the dialog. */
  title: string;
  /** The field's, as the API names it. */
  field: "name" | "title";
  value: string;
  maxLength: number;
  save: (value: string) => Promise<void>;
  onClose: () => void;
}

const LABELS = { name: "Name", title: "Title" };

export function RenameDialog({ title, field, value, maxLength, save, onClose }: RenameDialogProps) {
  const [text, setText] = useState(value);
  const [fault, setFault] = useState<string>();
  const submit = async () => {
    try {
      await save(text.trim());
      onClose();
    } catch (error) {
      const told = error instanceof ApiError ? error.fields[field] : undefined;
      if (told) setFault(told);
      else toastError(error);
    }
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={title}
      size="small"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="rename" disabled={!text.trim()}>
            Rename
          </Button>
        </>
      }
    >
      <form
        id="rename"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) void submit();
        }}
      >
        <TextField
          label={LABELS[field]}
          value={text}
          maxLength={maxLength}
          error={fault}
          onChange={(event) => setText(event.target.value)}
        />
      </form>
    </Dialog>
  );
}
