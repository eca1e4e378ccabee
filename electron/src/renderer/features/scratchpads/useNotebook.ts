/** A notebook as it is edited in this window, kept in step with the server's. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useState } from "react";
import { followCell, startCell } from "@/api/events";
import { createCell, deleteCell, runAllCells, scratchpadQuery, updateCell } from "@/api/scratchpads";
import { toast, toastError } from "@/components/toast";
import { Notebook, type NotebookReader } from "./Notebook";
import type { NotebookServer } from "./CellStorage";

export function useNotebook(scratchpadId: string) {
  const queries = useQueryClient();
  const query = useQuery(scratchpadQuery(scratchpadId));
  const { data, dataUpdatedAt } = query;
  const [notebook] = useState(() => {
    const reader: NotebookReader = {
      renew: () => void queries.invalidateQueries({ queryKey: ["scratchpads", scratchpadId] }),
      failed: toastError,
      lost: (deleted) =>
        toast("A cell that you were editing was deleted elsewhere.", {
          label: "Put it back",
          onPress: () => void made.putBack(deleted),
        }),
    };
    const made = new Notebook(scratchpadId, serverOf(scratchpadId), reader);
    return made;
  });

  useLayoutEffect(() => {
    if (data) notebook.receive(data.cells);
  }, [notebook, data, dataUpdatedAt]);

  useEffect(() => {
    const leave = () => notebook.leave();
    const look = () => (document.visibilityState === "hidden" ? notebook.rest() : notebook.wake());
    globalThis.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      globalThis.removeEventListener("pagehide", leave);
      notebook.close();
    };
  }, [notebook]);

  return { notebook, query };
}

const serverOf = (id: string): NotebookServer => ({
  create: (body) => createCell(id, body),
  update: (cellId, body, isLast) => updateCell(id, cellId, body, isLast),
  remove: (cellId) => deleteCell(id, cellId),
  start: (cellId) => startCell(id, cellId),
  startAll: () => runAllCells(id),
  follow: (cellId, options) => followCell(id, cellId, options),
});
