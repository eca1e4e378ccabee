/** A notebook's title, which is changed where it stands. */
import { Pencil } from "lucide-react";
import { useState, type KeyboardEvent } from "react";
import { updateScratchpad } from "@/api/scratchpads";
import type { Scratchpad } from "@/api/types";
import { IconButton } from "@/components/Button";
import { useTitle } from "@/components/Page";
import { toastError } from "@/components/toast";
import { useFocusBack } from "@/hooks/useFocusBack";
import { useRenew } from "@/hooks/useRenew";
import styles from "./ScratchpadView.module.css";

export function NotebookTitle({ pad }: { pad: Scratchpad }) {
  const [typed, setTyped] = useState<string | null>(null);
  const [rename, giveFocusBack] = useFocusBack<HTMLButtonElement>();
  const renew = useRenew();
  useTitle(pad.title);

  const end = (isWanted: boolean) => {
    const title = typed?.trim();
    setTyped(null);
    if (!isWanted || !title || title === pad.title) return;
    updateScratchpad(pad.id, { title }).then(() => renew("scratchpads", "conversations"), toastError);
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    end(event.key === "Enter");
    giveFocusBack();
  };

  return (
    <div className={styles.titleRow}>
      <h1 className={typed === null ? undefined : "visually-hidden"}>{pad.title}</h1>
      {typed === null ? (
        <IconButton
          ref={rename}
          label="Rename the notebook"
          size="small"
          icon={<Pencil />}
          onClick={() => setTyped(pad.title)}
        />
      ) : (
        <input
          className={styles.titleField}
          aria-label="Title of the notebook"
          value={typed}
          maxLength={200}
          ref={takeFocus}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={() => end(true)}
          onKeyDown={press}
        />
      )}
    </div>
  );
}

function takeFocus(field: HTMLInputElement | null): void {
  field?.focus();
  field?.select();
}
