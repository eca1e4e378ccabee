/** What belongs to a conversation. */
import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { components } from "./schema.gen";

export type Contents = components["schemas"]["ConversationContents"];

export const contentsQuery = (conversation_id: string) =>
  queryOptions({
    queryKey: ["conversations", conversation_id, "contents"],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/conversations/{conversation_id}/contents", {
          params: { path: { conversation_id } },
          signal,
        }),
      ),
  });
