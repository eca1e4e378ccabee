/** Gives an artifact another title. */
import { useState } from "react";
import { renameArtifact } from "@/api/artifacts";
import { ApiError } from "@/api/client";
import type { Artifact } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { TextField } from "@/components/Field";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";

export function RenameDialog({ artifact, onClose }: { artifact: Artifact; onClose: () => void }) {
  const [title, setTitle] = useState(artifact.title);
  const [fault, setFault] = useState<string>();
  const renew = useRenew();
  const save = async () => {
    try {
      await renameArtifact(artifact.id, title);
      renew("artifacts");
      onClose();
    } catch (error) {
      const told = error instanceof ApiError ? error.fields.title : undefined;
      if (told) setFault(told);
      else toastError(error);
    }
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Rename the artifact"
      size="small"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="rename-artifact" disabled={!title.trim()}>
            Rename
          </Button>
        </>
      }
    >
      <form
        id="rename-artifact"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField
          label="Title"
          value={title}
          maxLength={200}
          error={fault}
          onChange={(event) => setTitle(event.target.value)}
        />
      </form>
    </Dialog>
  );
}
