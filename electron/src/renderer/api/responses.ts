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
export const noteRunning = (queries: QueryClient, response: AgentResponse): void =>
  changeInFlight(queries, (known) =>
    known.some(({ id }) => id === response.id) ? known : [...known, response],
  );

/** Shows at once that it runs no more. */
export const noteEnded = (queries: QueryClient, responseId: string): void =>
  changeInFlight(queries, (known) => known.filter(({ id }) => id !== responseId));

function changeInFlight(queries: QueryClient, change: (known: AgentResponse[]) => AgentResponse[]): void {
  queries.setQueryData(inFlightQuery.queryKey, (known) => {
    if (!known) return known;
    const data = change(known.data);
    return { ...known, data, total: known.total + data.length - known.data.length };
  });
  // An answer that is on its way may be older.
  void queries.invalidateQueries({ queryKey: inFlightQuery.queryKey });
}

/** Answers when the turn has ended. */
export const cancelResponse = (response_id: string) =>
  unwrap(client.POST("/api/v1/responses/{response_id}/cancel", { params: { path: { response_id } } }));
