/** Sends what waits, one message after each turn, whatever view is shown; of all windows one alone does. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { ApiError, messageOf } from "@/api/client";
import { inFlightQuery } from "@/api/conversations";
import { noteRunning, sendMessage } from "@/api/responses";
import type { AgentResponse, ServerEvent } from "@/api/types";
import { chooseModel, clearDraft } from "@/state/draft";
import { dequeue, dropQueue, holdQueue, readQueue, useQueues } from "@/state/queue";
import { useServerEvents } from "./live";

const AGAIN_AFTER = 1_000;

/** Once, at the root. */
export function useQueueSender(): void {
  const queries = useQueryClient();
  const queues = useQueues();
  const { data: running, dataUpdatedAt } = useQuery({
    ...inFlightQuery,
    enabled: Object.keys(queues).length > 0,
  });

  useServerEvents(hear);

  useEffect(() => {
    if (!running) return;
    const busy = new Set(running.data.map((response) => response.conversation_id));
    const free = Object.entries(queues).filter(([id, queue]) => queue.hold === undefined && !busy.has(id));
    if (free.length === 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = () => void queries.invalidateQueries({ queryKey: ["responses"] });
    const onSent = (response: AgentResponse) => noteRunning(queries, response);
    void Promise.all(free.map(([id]) => sendNext(id, onSent))).then((outcomes) => {
      if (outcomes.includes("busy")) timer = setTimeout(look, AGAIN_AFTER);
    });
    return () => clearTimeout(timer);
  }, [queues, running, dataUpdatedAt, queries]);
}

function hear(event: ServerEvent): void {
  if (event.type === "turn.ended" && event.error && event.error.type !== "cancelled") {
    // The next would fare no better: it waits for the user's word. Who stops a turn wants the next.
    holdQueue(event.conversation_id, "The turn before has failed.");
  }
  if (event.type === "resource.changed" && event.resource === "conversation" && event.change === "deleted") {
    if (event.id !== null) forget(event.id);
  }
}

/** What was to be said in a task goes with it. */
function forget(conversationId: string): void {
  dropQueue(conversationId);
  clearDraft(conversationId);
  chooseModel(conversationId, null);
}

type Outcome = "sent" | "busy" | "elsewhere" | "held";

/** Sends the first that waits. It is taken out when the server has it, so that none is lost. */
export function sendNext(
  conversationId: string,
  onSent: (response: AgentResponse) => void,
): Promise<Outcome> {
  return alone(`cowork.queue.${conversationId}`, async () => {
    const { messages, hold } = readQueue(conversationId);
    const [next] = messages;
    if (!next || hold !== undefined) return "held";
    try {
      const response = await sendMessage(conversationId, {
        text: next.text,
        fileIds: next.files.map((file) => file.id),
        skillIds: next.skills.map((skill) => skill.id),
        model: next.model,
      });
      onSent(response);
      dequeue(conversationId, next.id);
      return "sent";
    } catch (error) {
      if (error instanceof ApiError && (error.type === "conflict" || error.isUnreachable)) return "busy";
      if (error instanceof ApiError && error.status === 404) forget(conversationId);
      else holdQueue(conversationId, messageOf(error));
      return "held";
    }
  });
}

/** On origins that are not secure there are no locks: then this window takes itself for the one. */
async function alone(name: string, deed: () => Promise<Outcome>): Promise<Outcome> {
  const { locks } = navigator as { locks?: LockManager | null };
  if (!locks) return deed();
  return locks.request(name, { ifAvailable: true }, (lock) => (lock ? deed() : "elsewhere"));
}
