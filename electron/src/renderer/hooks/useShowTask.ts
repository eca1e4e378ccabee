/** Shows a task that has just begun, without a moment in which nothing is known of it. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { conversationQuery } from "@/api/conversations";
import { noteRunning } from "@/api/responses";
import type { AgentResponse } from "@/api/types";
import { useRenew } from "./useRenew";

export function useShowTask(): (response: AgentResponse) => Promise<void> {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const renew = useRenew();
  return useCallback(
    async (response) => {
      const conversationId = response.conversation_id;
      noteRunning(queries, response);
      await queries.query({ ...conversationQuery(conversationId), staleTime: 0 }).catch(() => undefined);
      renew("conversations");
      await navigate({ to: "/tasks/$conversationId", params: { conversationId }, search: {} });
    },
    [queries, navigate, renew],
  );
}
