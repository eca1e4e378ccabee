/** Turns: sending a message, and stopping what runs. */
import type { QueryClient } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import { inFlightQuery } from "./conversations";
import { startTurn } from "./events";
import type { AgentResponse } from "./types";

/** What a message takes along. */
export interface Message {
  text: string;
  fileIds: readonly string[];
  skillIds: readonly string[];
  /** Null: the project's, or the settings'. */
  model: string | null;
}

/** Starts a turn, which goes on by itself. ApiError 409 `conflict` where one runs there already. */
export const sendMessage = (
  conversation_id: string,
  { text, fileIds, skillIds, model }: Message,
): Promise<AgentResponse> =>
  startTurn({
    conversation_id,
    input: text,
    ...(fileIds.length > 0 ? { file_ids: [...fileIds] } : {}),
    ...(skillIds.length > 0 ? { skill_ids: [...skillIds] } : {}),
    ...(model === null ? {} : { model }),
  });

/** Shows at once that it runs; the server's word follows. */
export function noteRunning(queries: QueryClient, response: AgentResponse): void {
  queries.setQueryData(inFlightQuery.queryKey, (known) => {
    if (!known || known.data.some(({ id }) => id === response.id)) return known;
    return { ...known, data: [...known.data, response], total: known.total + 1 };
  });
}

/** Shows at once that it runs no more. */
export function noteEnded(queries: QueryClient, responseId: string): void {
  queries.setQueryData(inFlightQuery.queryKey, (known) => {
    if (!known?.data.some(({ id }) => id === responseId)) return known;
    return { ...known, data: known.data.filter(({ id }) => id !== responseId), total: known.total - 1 };
  });
}

/** Answers when the turn has ended. */
export const cancelResponse = (response_id: string) =>
  unwrap(client.POST("/api/v1/responses/{response_id}/cancel", { params: { path: { response_id } } }));
