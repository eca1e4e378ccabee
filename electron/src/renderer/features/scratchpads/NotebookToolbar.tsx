/** What can be done with a whole notebook. */
import { Link } from "@tanstack/react-router";
import { ChevronsRight, LayoutGrid, Plus, RotateCcw, Square } from "lucide-react";
import type { Scratchpad } from "@/api/types";
import { Button, IconButton } from "@/components/Button";
import { Menu, MenuItem } from "@/components/Menu";
import { useCells, useShared } from "./context";
import { isActive } from "./entries";
import { KernelState, useKernel } from "./KernelState";
import { KINDS } from "./kinds";
import { NotebookMenu } from "./NotebookMenu";
import styles from "./ScratchpadView.module.css";
import { useMenuDeed } from "./useMenuDeed";
import type { NotebookActions } from "./useNotebookActions";

export function NotebookToolbar({ pad, actions }: { pad: Scratchpad; actions: NotebookActions }) {
  const { notebook } = useShared();
  const kernel = useKernel(notebook);
  const isRunning = useCells(notebook, (cells) => cells.all().some(isActive));
  return (
    <div className={styles.toolbar} role="group" aria-label="Notebook">
      <Button size="small" icon={<ChevronsRight />} onClick={() => notebook.runAll()}>
        Run all
      </Button>
      <IconButton
        size="small"
        label="Interrupt"
        icon={<Square fill="currentcolor" />}
        disabled={!isRunning}
        onClick={actions.interrupt}
      />
      <IconButton
        size="small"
        label="Restart the kernel"
        icon={<RotateCcw />}
        disabled={kernel === "none"}
        onClick={actions.restart}
      />
      <AddMenu />
      <KernelState state={kernel} />
      <SaveState />
      <div className={styles.right}>
        {pad.artifact_id && (
          <Link
            className={styles.artifact}
            to="/artifacts/$artifactId"
            params={{ artifactId: pad.artifact_id }}
          >
            Open the artifact
          </Link>
        )}
        <Button size="small" icon={<LayoutGrid />} isBusy={actions.isPromoting} onClick={actions.promote}>
          {pad.artifact_id ? "Update the artifact" : "Save as an artifact"}
        </Button>
        <NotebookMenu pad={pad} actions={actions} />
      </div>
    </div>
  );
}

/** Below the cell that is chosen. */
function AddMenu() {
  const { notebook } = useShared();
  const { choose, onCloseFocus } = useMenuDeed();
  const add = ({ type, language }: (typeof KINDS)[number]) => {
    const { cells } = notebook;
    const at = cells.chosen === null ? cells.keys.length : cells.placeOf(cells.chosen) + 1;
    cells.focus(notebook.insert(at, { type, language }), "edit");
  };
  return (
    <Menu
      align="start"
      onCloseFocus={onCloseFocus}
      trigger={
        <Button size="small" kind="ghost" icon={<Plus />}>
          Cell
        </Button>
      }
    >
      {KINDS.map((kind) => (
        <MenuItem key={kind.value} onSelect={() => choose(() => add(kind))}>
          {kind.label}
        </MenuItem>
      ))}
    </Menu>
  );
}

const SAVED = { saved: "Saved", saving: "Saving…", failed: "Not saved yet: trying again" } as const;

function SaveState() {
  const { notebook } = useShared();
  const saving = useCells(notebook, (cells) => cells.saving);
  return (
    <>
      <span className={saving === "failed" ? styles.unsaved : styles.saving}>{SAVED[saving]}</span>
      <span className="visually-hidden" role="status">
        {saving === "failed" ? "Your changes could not be saved. It is tried again." : ""}
      </span>
    </>
  );
}
