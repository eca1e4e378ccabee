/** Takes back what a turn changed, and tells what came of it. */
import { Undo2 } from "lucide-react";
import { useState } from "react";
import { undoTurn } from "@/api/items";
import type { ChangeLeft, ChangeView, Undone } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { Dialog } from "@/components/Dialog";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import type { TurnPart } from "@/state/turn";
import styles from "./UndoButton.module.css";

const CHANGING = new Set([
  "create_artifact",
  "forget",
  "publish_scratchpad",
  "remember",
  "run_code",
  "run_query",
  "save_schedule",
  "sql_query",
  "start_task",
  "update_artifact",
  "write_file",
]);

/** Whether there may be something: the server knows what. */
export const canBeUndone = (parts: readonly TurnPart[]): boolean =>
  parts.some((part) => part.type === "tool_call" && CHANGING.has(part.name));

export function UndoButton({ responseId, isBusy }: { responseId: string; isBusy: boolean }) {
  const [report, setReport] = useState<Undone | null>(null);
  const confirm = useConfirm();
  const renew = useRenew();
  const undo = async () => {
    const isSure = await confirm({
      title: "Undo what this turn changed?",
      description:
        "Files of the working folder, artifacts, memories and schedules become what they were before it, where nobody has changed them since. The messages stay.",
      action: "Undo the changes",
      isDangerous: false,
    });
    if (!isSure) return;
    const undone = await undoTurn(responseId);
    renew("artifacts", "files", "memories", "schedules", "conversations");
    if (undone.undone.length + undone.left.length === 0)
      toast("This turn has changed nothing that could be undone.");
    else setReport(undone);
  };
  return (
    <>
      <IconButton
        label="Undo what this turn changed"
        icon={<Undo2 />}
        size="small"
        disabled={isBusy}
        onClick={() => void undo().catch(toastError)}
      />
      {report && <Report report={report} onClose={() => setReport(null)} />}
    </>
  );
}

function Report({ report: { undone, left }, onClose }: { report: Undone; onClose: () => void }) {
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={left.length === 0 ? "The changes are undone" : "Not all could be undone"}
      actions={
        <Button kind="primary" onClick={onClose}>
          Close
        </Button>
      }
    >
      {undone.length > 0 && (
        <ul className={styles.changes} aria-label="Undone">
          {undone.map((change) => (
            <li key={change.kind + change.ref}>
              {change.name} <span className={styles.word}>{outcome(change)}</span>
            </li>
          ))}
        </ul>
      )}
      {left.length > 0 && (
        <>
          <h3 className={styles.heading}>Left as it is</h3>
          <ul className={styles.changes}>
            {left.map((change: ChangeLeft) => (
              <li key={change.kind + change.ref}>
                {change.name} <span className={styles.word}>{change.reason}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}

const KINDS = { file: "file", artifact: "artifact", memory: "memory", schedule: "schedule" } as const;

function outcome({ kind, what }: ChangeView): string {
  if (what === "created") return `${KINDS[kind]}, removed`;
  return what === "deleted" ? `${KINDS[kind]}, there again` : `${KINDS[kind]}, as before`;
}
