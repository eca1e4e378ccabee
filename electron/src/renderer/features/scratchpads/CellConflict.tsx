/** Says that a cell's text was changed in two places at once, and offers the other text. */
import { Button } from "@/components/Button";
import styles from "./CellRow.module.css";
import { useShared } from "./context";
import type { Entry } from "./entries";

export function CellConflict({ entry }: { entry: Entry }) {
  const { notebook } = useShared();
  const { conflict, key } = entry;
  if (!conflict) return null;
  const isTheirs = conflict.whose === "theirs";
  return (
    <div className={styles.conflict} role="status">
      <span>
        {isTheirs
          ? "This cell was changed elsewhere at the same time. Your text is kept."
          : "What you typed here before could not be saved, and the cell has changed since."}
      </span>
      <Button size="small" onClick={() => notebook.settle(key, true)}>
        {isTheirs ? "Use the other text" : "Use what I typed"}
      </Button>
      <Button size="small" kind="ghost" onClick={() => notebook.settle(key, false)}>
        {isTheirs ? "Keep mine" : "Keep this"}
      </Button>
    </div>
  );
}
