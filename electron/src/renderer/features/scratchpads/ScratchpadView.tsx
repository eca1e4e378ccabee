/** A notebook: its cells, which are run and edited here, and its kernel. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft, ChevronsRight, Keyboard, NotebookText, RotateCcw, Square } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { conversationQuery } from "@/api/conversations";
import type { Scratchpad } from "@/api/types";
import { loadCodeMirror } from "@/components/CodeEditor";
import pageStyles from "@/components/Page.module.css";
import { Empty, Failed, Loading } from "@/components/States";
import { toast } from "@/components/toast";
import { useCommands } from "@/hooks/commands";
import { AddCells } from "./AddCells";
import { CellRow } from "./CellRow";
import { CommandMode } from "./CommandMode";
import { NotebookContext, useCells } from "./context";
import type { Deleted, Notebook } from "./Notebook";
import { NotebookTitle } from "./NotebookTitle";
import { NotebookToolbar } from "./NotebookToolbar";
import styles from "./ScratchpadView.module.css";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { useNotebook } from "./useNotebook";
import { useNotebookActions, type NotebookActions } from "./useNotebookActions";

export function ScratchpadView() {
  const { scratchpadId } = useParams({ from: "/scratchpads/$scratchpadId" });
  return <OneScratchpad key={scratchpadId} scratchpadId={scratchpadId} />;
}

function OneScratchpad({ scratchpadId }: { scratchpadId: string }) {
  const { notebook, query } = useNotebook(scratchpadId);
  const { data, error, refetch } = query;
  useEffect(() => void loadCodeMirror().catch(() => undefined), []);
  if (data) return <Cells notebook={notebook} pad={data} />;
  return (
    <div className={pageStyles.scroll}>
      <div className={pageStyles.page}>
        {error ? (
          <Failed level={1} error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading lines={6} label="Loading the notebook" />
        )}
      </div>
    </div>
  );
}

function Cells({ notebook, pad }: { notebook: Notebook; pad: Scratchpad }) {
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const [isHelping, setHelping] = useState(false);
  const keys = useCells(notebook, (cells) => cells.keys);
  const actions = useNotebookActions(notebook, pad, () => setHelping(true));
  const shared = useShared(notebook, actions, scroller);
  useChosenCell(notebook, pad);
  useCommands([
    {
      id: "notebook.run",
      title: "Run all cells",
      group: "Notebook",
      icon: <ChevronsRight />,
      run: () => notebook.runAll(),
    },
    {
      id: "notebook.interrupt",
      title: "Interrupt",
      group: "Notebook",
      icon: <Square />,
      run: actions.interrupt,
    },
    {
      id: "notebook.restart",
      title: "Restart the kernel",
      group: "Notebook",
      icon: <RotateCcw />,
      run: actions.restart,
    },
    {
      id: "notebook.keys",
      title: "Keys in a notebook",
      group: "Notebook",
      icon: <Keyboard />,
      run: actions.help,
    },
  ]);
  return (
    <NotebookContext value={shared}>
      <div className={pageStyles.scroll} ref={setScroller}>
        <div className={styles.page}>
          <header className={styles.header}>
            <TaskLink conversationId={pad.conversation_id} />
            <NotebookTitle pad={pad} />
          </header>
          <NotebookToolbar pad={pad} actions={actions} />
          {keys.length === 0 ? (
            <Empty icon={<NotebookText />} title="Nothing in this notebook yet" action={<AddCells />}>
              Python and SQL run on this machine, on the files of the task; Markdown is for notes.
            </Empty>
          ) : (
            <>
              {/* The headings of the prose stand below it. */}
              <h2 className="visually-hidden">Cells</h2>
              <ol className={styles.cells}>
                {keys.map((key, at) => (
                  <CellRow key={key} cellKey={key} place={at + 1} />
                ))}
              </ol>
              <AddCells />
            </>
          )}
          <Said notebook={notebook} />
        </div>
      </div>
      <ShortcutsDialog isOpen={isHelping} onClose={() => setHelping(false)} />
    </NotebookContext>
  );
}

/** What the cells share: it stays the same, as they are many. */
function useShared(
  notebook: Notebook,
  { interrupt, restart, help }: NotebookActions,
  scroller: HTMLElement | null,
) {
  const [mode] = useState(() => new CommandMode(notebook));
  useEffect(() => {
    const putBack = (deleted: Deleted) => {
      const key = notebook.putBack(deleted);
      if (key) notebook.cells.focus(key, "command");
    };
    const removed = (deleted: Deleted) =>
      toast("Cell deleted.", { label: "Undo", onPress: () => putBack(deleted) });
    mode.attach({ interrupt, restart, help, removed });
  });
  return useMemo(() => ({ notebook, perform: mode.perform, scroller }), [notebook, mode, scroller]);
}

/** The cell that the link names, or whose output it names. */
function useChosenCell(notebook: Notebook, pad: Scratchpad): void {
  const { cell } = useSearch({ from: "/scratchpads/$scratchpadId" });
  const cells = useRef(pad.cells);
  useEffect(() => {
    const at = cells.current.findIndex(({ id }) => id === cell);
    const found = cells.current[at]?.type === "output" ? cells.current[at - 1] : cells.current[at];
    if (found) notebook.cells.focus(found.id, "command");
  }, [notebook, cell]);
}

function TaskLink({ conversationId }: { conversationId: string }) {
  const { data } = useQuery(conversationQuery(conversationId));
  return (
    <Link className={styles.back} to="/tasks/$conversationId" params={{ conversationId }}>
      <ArrowLeft aria-hidden />
      {data?.title ?? "Task"}
    </Link>
  );
}

function Said({ notebook }: { notebook: Notebook }) {
  const said = useCells(notebook, (cells) => cells.said);
  return (
    <div className="visually-hidden" role="status">
      {said}
    </div>
  );
}
