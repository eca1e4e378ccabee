/** Where a task is written to: text, attachments, skills, the model, and what waits while a turn runs. */
import { useQueryClient } from "@tanstack/react-query";
import { Square } from "lucide-react";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { cancelResponse, noteRunning, sendMessage } from "@/api/responses";
import { toastError } from "@/components/toast";
import { useCommands } from "@/hooks/commands";
import { useRenew } from "@/hooks/useRenew";
import { deleteUpload } from "@/api/uploads";
import { putBack, readModelChoice, useDraftKey, type Draft } from "@/state/draft";
import { dequeue, enqueue, readQueue, releaseQueue, useQueue, type Waiting } from "@/state/queue";
import { ComposerBox } from "./ComposerBox";
import styles from "./Composer.module.css";
import { QueuedMessages } from "./QueuedMessages";

export interface ComposerProps {
  conversationId: string;
  projectId: string | null;
  /** The turn that runs now. */
  runningResponseId: string | null;
  /** A turn has started. */
  onSent: (responseId: string) => void;
}

export function Composer({ conversationId, projectId, runningResponseId, onSent }: ComposerProps) {
  const draftKey = useDraftKey(conversationId);
  const queue = useQueue(conversationId);
  const stopping = useStop(runningResponseId);
  const submit = useSubmit({ conversationId, runningResponseId, onSent });
  const isRunning = runningResponseId !== null;

  const edit = ({ id }: Waiting) => {
    const taken = dequeue(conversationId, id);
    if (taken) putBack(draftKey, taken);
  };
  const remove = ({ id, files }: Waiting) => {
    dequeue(conversationId, id);
    const own = files.filter((file) => !file.isShared);
    void Promise.all(own.map((file) => deleteUpload(file.id))).catch(toastError);
  };

  return (
    <div className={styles.composer}>
      <QueuedMessages
        queue={queue}
        onEdit={edit}
        onRemove={remove}
        onRelease={() => releaseQueue(conversationId)}
      />
      <ComposerBox
        key={draftKey}
        draftKey={draftKey}
        taskKey={conversationId}
        projectId={projectId}
        label="Message"
        placeholder={isRunning ? "Write what comes next" : "Write a message, or / for a skill"}
        place={() => Promise.resolve(conversationId)}
        submit={submit}
        isRunning={isRunning}
        onStop={stopping.stop}
        isStopping={stopping.isStopping}
        onRecall={() => {
          const last = queue.messages.at(-1);
          if (last) edit(last);
        }}
      />
    </div>
  );
}

/** Sends at once where nothing runs and nothing waits before it; else it waits, too. */
function useSubmit({ conversationId, runningResponseId, onSent }: Omit<ComposerProps, "projectId">) {
  const queries = useQueryClient();
  const renew = useRenew();
  return async ({ text, files, skills }: Draft): Promise<void> => {
    const model = readModelChoice(conversationId);
    const { messages, hold } = readQueue(conversationId);
    const isQueued = messages.length > 0 && hold === undefined;
    if (runningResponseId === null && !isQueued) {
      try {
        const [fileIds, skillIds] = [files.map(({ id }) => id), skills.map(({ id }) => id)];
        const response = await sendMessage(conversationId, { text, fileIds, skillIds, model });
        noteRunning(queries, response);
        onSent(response.id);
        return;
      } catch (error) {
        if (!(error instanceof ApiError && error.type === "conflict")) throw error;
        // Another window was first.
        renew("responses");
      }
    }
    enqueue(conversationId, { text, files, skills, model });
  };
}

function useStop(runningResponseId: string | null) {
  const [stopped, setStopped] = useState<string | null>(null);
  const stop = () => {
    if (runningResponseId === null || stopped === runningResponseId) return;
    setStopped(runningResponseId);
    cancelResponse(runningResponseId).catch((error: unknown) => {
      setStopped(null);
      toastError(error);
    });
  };
  useCommands(
    runningResponseId === null
      ? []
      : [
          {
            id: "task.stop",
            title: "Stop the turn",
            group: "Actions",
            icon: <Square />,
            shortcut: "mod+.",
            keywords: ["cancel", "interrupt"],
            run: stop,
          },
        ],
  );
  return { stop, isStopping: runningResponseId !== null && stopped === runningResponseId };
}
