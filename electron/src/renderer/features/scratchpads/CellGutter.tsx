/** Beside a cell: its button to run it, or to stop it. */
import { Clock, Play, Square } from "lucide-react";
import { IconButton } from "@/components/Button";
import styles from "./CellRow.module.css";
import { useShared } from "./context";
import { isQueued, type Entry } from "./entries";

const RUNS = new Set(["python", "sql"]);

export function CellGutter({ entry, place, isChosen }: { entry: Entry; place: number; isChosen: boolean }) {
  const { perform } = useShared();
  const { cell, key } = entry;
  const common = { size: "small", tabIndex: isChosen ? 0 : -1 } as const;
  let button = null;
  if (cell.status === "running") {
    const label = `Interrupt cell ${place}`;
    button = (
      <IconButton
        {...common}
        label={label}
        icon={<Square fill="currentcolor" />}
        onClick={() => perform("interrupt", key)}
      />
    );
  } else if (isQueued(entry)) {
    button = <Clock className={styles.waiting} aria-hidden />;
  } else if (cell.type === "code" && RUNS.has(cell.language ?? "")) {
    const label = `Run cell ${place}`;
    button = (
      <IconButton
        {...common}
        label={label}
        shortcut="mod+enter"
        icon={<Play />}
        onClick={() => perform("run", key)}
      />
    );
  }
  return <div className={styles.gutter}>{button}</div>;
}
