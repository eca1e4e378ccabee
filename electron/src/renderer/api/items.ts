/** The messages of a conversation: reading them page by page, sending one anew, its versions, and branches. */
import {
  infiniteQueryOptions,
  queryOptions,
  type InfiniteData,
  type QueryClient,
} from "@tanstack/react-query";
import { client, unwrap } from "./client";
import { startTurn } from "./events";
import type { AgentResponse, Item, ItemPage } from "./types";

const FIRST_PAGE = 60;
const OLDER_PAGE = 200;
const LONGEST_PAGE = 1_000;

/**
 * The newest page first; each page is in the conversation's order. Its key is its own: of all that changes in conversations
 * only new messages make it old (`useConversation`).
 */
export const itemsQuery = (conversation_id: string) =>
  infiniteQueryOptions({
    queryKey: itemsKey(conversation_id),
    queryFn: async ({ pageParam, signal, client: queries }) => {
      if (pageParam !== null)
        return listItems(conversation_id, { limit: OLDER_PAGE, before: pageParam }, signal);
      const known = queries.getQueryData<InfiniteData<ItemPage>>(itemsKey(conversation_id))?.pages[0];
      const limit = Math.min(known ? known.data.length + FIRST_PAGE : FIRST_PAGE, LONGEST_PAGE);
      return fromKnown(await listItems(conversation_id, { limit }, signal), known);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.has_more ? last.next_before : undefined),
    staleTime: 0,
  });

const itemsKey = (conversation_id: string) => ["items", conversation_id] as const;

const listItems = (
  conversation_id: string,
  query: { limit: number; before?: string },
  signal: AbortSignal,
): Promise<ItemPage> =>
  unwrap(
    client.GET("/api/v1/conversations/{conversation_id}/items", {
      params: { path: { conversation_id }, query },
      signal,
    }),
  );

/** From the message on that the page began with before: new ones at the end push none out at the beginning. */
function fromKnown(page: ItemPage, known: ItemPage | undefined): ItemPage {
  const first = known?.data[0]?.id;
  const at = first === undefined ? -1 : page.data.findIndex(({ id }) => id === first);
  return known && at > 0 ? { ...known, data: page.data.slice(at) } : page;
}

/** All messages that are loaded, the oldest first. */
export const itemsOf = (data: InfiniteData<ItemPage> | undefined): Item[] =>
  data ? data.pages.toReversed().flatMap((page) => page.data) : [];

/** Takes a message and what follows it out of what is shown, before the server has said that they are gone. */
export function cutItems(queries: QueryClient, conversationId: string, itemId: string): void {
  queries.setQueryData(itemsQuery(conversationId).queryKey, (known) => {
    const at = known?.pages.findIndex((page) => page.data.some(({ id }) => id === itemId)) ?? -1;
    if (!known || at < 0) return known;
    // The pages before it are newer.
    const pages = known.pages.map((page, n) => {
      if (n > at) return page;
      const cut = n < at ? 0 : page.data.findIndex(({ id }) => id === itemId);
      return { ...page, data: page.data.slice(0, cut) };
    });
    return { ...known, pages };
  });
}

/** Sends a message in the place of another one of the user's; the same text once more is a retry. */
export const resendMessage = (
  conversation_id: string,
  replaces: string,
  input: string,
  model: string | null,
): Promise<AgentResponse> =>
  startTurn({ conversation_id, input, replaces, ...(model === null ? {} : { model }) });

/** All versions of a message of the user's, the oldest first. */
export const listVersions = (conversation_id: string, item_id: string) =>
  unwrap(
    client.GET("/api/v1/conversations/{conversation_id}/items/{item_id}/versions", {
      params: { path: { conversation_id, item_id }, query: { limit: 1000 } },
    }),
  );

export const restoreItem = (conversation_id: string, item_id: string) =>
  unwrap(
    client.POST("/api/v1/conversations/{conversation_id}/items/{item_id}/restore", {
      params: { path: { conversation_id, item_id } },
    }),
  );

/** A conversation of its own that begins with the messages up to this one, or with all of them. */
export const branchConversation = (conversation_id: string, item_id: string | null) =>
  unwrap(
    client.POST("/api/v1/conversations/{conversation_id}/branch", {
      params: { path: { conversation_id } },
      body: item_id === null ? {} : { item_id },
    }),
  );

/** How a turn that is not followed ended, without the parts, which its message has. */
export const endedTurnQuery = (response_id: string) =>
  queryOptions({
    // Not among the responses, which each turn renews: what has ended stays as it is.
    queryKey: ["turns", response_id],
    queryFn: async ({ signal }) => {
      const { parts, ...response } = await unwrap(
        client.GET("/api/v1/responses/{response_id}", { params: { path: { response_id } }, signal }),
      );
      return { ...response, partCount: parts.length };
    },
    staleTime: (query) => (query.state.data?.status === "in_progress" ? 0 : Infinity),
  });

/** Takes back what the turn and its sub-tasks changed. */
export const undoTurn = (response_id: string) =>
  unwrap(client.POST("/api/v1/responses/{response_id}/undo", { params: { path: { response_id } } }));

/** Shows an artifact in the desktop's window; without one the answer's URL is to be opened. */
export const openArtifact = (artifact_id: string) =>
  unwrap(client.POST("/api/v1/artifacts/open", { body: { artifact_id } }));
