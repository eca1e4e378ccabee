/** Buttons that add a cell of each kind at the end of a notebook. */
import { Plus } from "lucide-react";
import { Button } from "@/components/Button";
import { useShared } from "./context";
import { KINDS } from "./kinds";
import styles from "./ScratchpadView.module.css";

export function AddCells() {
  const { notebook } = useShared();
  return (
    <div className={styles.add} role="group" aria-label="Add a cell at the end">
      {KINDS.map(({ value, label, type, language }) => (
        <Button
          key={value}
          kind="ghost"
          size="small"
          icon={<Plus />}
          onClick={() => {
            const made = notebook.insert(notebook.cells.keys.length, { type, language });
            notebook.cells.focus(made, "edit");
          }}
        >
          {label}
        </Button>
      ))}
    </div>
  );
}
