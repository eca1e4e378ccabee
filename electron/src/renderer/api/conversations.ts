/** Conversations, which people see as tasks: reading, making, changing. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { components } from "./schema.gen";

type ConversationCreate = components["schemas"]["ConversationCreate"];
type ConversationPatch = components["schemas"]["ConversationPatch"];

const PAGE = 50;

export const conversationsQuery = (filter: { status?: "active" | "archived"; project_id?: string } = {}) =>
  infiniteQueryOptions({
    queryKey: ["conversations", "list", filter],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET("/api/v1/conversations", {
          params: { query: { ...filter, limit: PAGE, offset: pageParam } },
          signal,
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.has_more ? pages.length * PAGE : undefined),
  });

export const conversationQuery = (conversation_id: string) =>
  queryOptions({
    queryKey: ["conversations", conversation_id],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/conversations/{conversation_id}", {
          params: { path: { conversation_id } },
          signal,
        }),
      ),
  });

/** The responses that run now, of all conversations. */
export const inFlightQuery = queryOptions({
  queryKey: ["responses", "in-flight"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/responses/in-flight-list", { signal })),
});

export const createConversation = (body: ConversationCreate) =>
  unwrap(client.POST("/api/v1/conversations", { body }));

export const updateConversation = (conversation_id: string, body: ConversationPatch) =>
  unwrap(
    client.PATCH("/api/v1/conversations/{conversation_id}", { params: { path: { conversation_id } }, body }),
  );

export const deleteConversation = (conversation_id: string) =>
  done(client.DELETE("/api/v1/conversations/{conversation_id}", { params: { path: { conversation_id } } }));
