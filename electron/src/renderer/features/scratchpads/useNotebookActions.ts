/** What can be done with a whole notebook and its kernel. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  deleteScratchpad,
  importNotebook,
  interruptKernel,
  kernelQuery,
  restartKernel,
  updateScratchpad,
} from "@/api/scratchpads";
import type { Scratchpad } from "@/api/types";
import { useConfirm } from "@/components/Confirm";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import type { Notebook } from "./Notebook";

export interface NotebookActions {
  interrupt: () => void;
  restart: () => void;
  promote: () => void;
  isPromoting: boolean;
  importFile: (file: File) => void;
  help: () => void;
  remove: () => void;
}

export function useNotebookActions(notebook: Notebook, pad: Scratchpad, help: () => void): NotebookActions {
  const queries = useQueryClient();
  const renew = useRenew();
  const confirm = useConfirm();
  const navigate = useNavigate();
  const [isPromoting, setPromoting] = useState(false);
  const { id, conversation_id } = pad;

  const told = (work: Promise<unknown>) => void work.then(() => renew("scratchpads"), toastError);

  const interrupt = async () => {
    const { state, running } = await interruptKernel(id);
    if (state === "busy" && running.length > 0) {
      toast("The cell takes no notice of the interrupt.", {
        label: "Restart",
        onPress: () => told(restart()),
      });
    }
  };
  const restart = async () => {
    const { state } = await queries.query({ ...kernelQuery(id), staleTime: 0 });
    const isSure =
      state === "none" ||
      (await confirm({
        title: "Restart the kernel?",
        description: "What runs ends, and all variables are gone. Cells and outputs stay.",
        action: "Restart",
      }));
    if (!isSure) return;
    await restartKernel(id);
    toast("The kernel was started anew.");
  };
  const promote = async () => {
    setPromoting(true);
    try {
      await notebook.flush();
      const { artifact_id } = await updateScratchpad(id, { saved: true });
      renew("artifacts", "conversations");
      const open = () =>
        void navigate({ to: "/artifacts/$artifactId", params: { artifactId: artifact_id ?? "" } });
      const words = pad.artifact_id ? "The artifact is updated." : "Saved as an artifact.";
      toast(words, ...(artifact_id ? [{ label: "Open", onPress: open }] : []));
    } finally {
      setPromoting(false);
    }
  };
  const importFile = async (file: File) => {
    const made = await importNotebook(conversation_id, file);
    await navigate({ to: "/scratchpads/$scratchpadId", params: { scratchpadId: made.id }, search: {} });
    toast(`“${made.title}” is a new notebook of the same task.`);
  };
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this notebook?",
      description: `“${pad.title}” and its cells will be gone. An artifact that was made of it stays.`,
      action: "Delete",
    });
    if (!isSure) return;
    await deleteScratchpad(id);
    await navigate({
      to: "/tasks/$conversationId",
      params: { conversationId: conversation_id },
      search: {},
    });
  };

  return {
    interrupt: () => told(interrupt()),
    restart: () => told(restart()),
    promote: () => told(promote()),
    isPromoting,
    importFile: (file) => told(importFile(file)),
    help,
    remove: () => told(remove()),
  };
}
