/** What came of running a cell: how long it took and how it ended, and what it has put out. */
import { memo, useEffect, useState } from "react";
import { Dot } from "@/components/Badge";
import { Button } from "@/components/Button";
import { classes } from "@/components/classes";
import { seconds } from "@/components/format";
import { Outputs } from "@/components/Outputs";
import type { Output } from "@/api/types";
import styles from "./CellOutput.module.css";
import { useShared } from "./context";
import { isQueued, outputsOf, type Entry } from "./entries";

export function CellOutput({ entry, isChosen }: { entry: Entry; isChosen: boolean }) {
  const { notebook } = useShared();
  const outputs = outputsOf(entry);
  const { cell, isCollapsed, key } = entry;
  if (cell.type !== "code") return null;
  return (
    <>
      <div className={styles.meta}>
        <Ending entry={entry} reason={reasonOf(entry, outputs)} />
        {outputs.length > 0 && (
          <Button
            kind="ghost"
            size="small"
            className={styles.toggle}
            aria-expanded={!isCollapsed}
            tabIndex={isChosen ? 0 : -1}
            onClick={() => notebook.collapse(key)}
          >
            {isCollapsed ? "Show output" : "Hide output"}
          </Button>
        )}
      </div>
      {!isCollapsed && outputs.length > 0 && (
        <div className={classes(styles.outputs, isQueued(entry) && styles.old)}>
          <Kept outputs={outputs} />
        </div>
      )}
    </>
  );
}

const Kept = memo(function Kept({ outputs }: { outputs: readonly Output[] }) {
  return <Outputs outputs={outputs} />;
});

/** "[5] 1.2 s" */
function Ending({ entry, reason }: { entry: Entry; reason: string | null }) {
  const { cell } = entry;
  if (isQueued(entry)) return <span>Queued</span>;
  if (cell.status === "running") return <Running since={cell.started_at ?? null} />;
  const took =
    cell.started_at && cell.finished_at
      ? seconds((Date.parse(cell.finished_at) - Date.parse(cell.started_at)) / 1000)
      : null;
  return (
    <>
      {cell.execution_count != null && <span className={styles.count}>[{cell.execution_count}]</span>}
      {took !== null && <span>{took}</span>}
      {cell.status === "error" && <span className={styles.failed}>{reason ?? "Failed"}</span>}
    </>
  );
}

function Running({ since }: { since: string | null }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const elapsed = since ? Math.floor((now - Date.parse(since)) / 1000) : 0;
  return (
    <span className={styles.running}>
      <Dot tone="accent" isLive label="" />
      Running{elapsed > 0 && (elapsed < 60 ? ` ${elapsed} s` : ` ${seconds(elapsed)}`)}
    </span>
  );
}

/** Why it has failed, where no output tells it: the kernel died, or the cell was never run. */
function reasonOf({ cell }: Entry, outputs: readonly Output[]): string | null {
  return outputs.some(({ kind }) => kind === "error") ? null : cell.error;
}
