/** What can be done with the messages of a task; all of it starts a turn, moves to another version, or makes a new task. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { createContext, use, useMemo } from "react";
import {
  branchConversation,
  cutItems,
  itemsQuery,
  listVersions,
  resendMessage,
  restoreItem,
} from "@/api/items";
import { noteRunning, sendMessage } from "@/api/responses";
import type { Item } from "@/api/types";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import { readModelChoice } from "@/state/draft";
import { focusWhenThere } from "./focus";

export interface Deeds {
  /** Says it anew in the place of that message; the same words once more are a retry. */
  resend: (item: Item, text: string) => Promise<void>;
  /** A message of its own that asks to go on. */
  goOn: () => Promise<void>;
  branch: (item: Item | null) => Promise<void>;
  /** `step` -1: the version before. */
  showVersion: (item: Item, step: 1 | -1) => Promise<void>;
}

export function useConversationDeeds(conversationId: string, onBegun: (responseId: string) => void): Deeds {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const renew = useRenew();
  return useMemo(() => {
    const renewItems = () => queries.invalidateQueries({ queryKey: itemsQuery(conversationId).queryKey });
    return {
      resend: async (item, text) => {
        const response = await resendMessage(conversationId, item.id, text, readModelChoice(conversationId));
        cutItems(queries, conversationId, item.id);
        noteRunning(queries, response);
        onBegun(response.id);
        focusWhenThere([`[data-key="question:${response.id}"]`]);
        await renewItems();
      },
      goOn: async () => {
        const model = readModelChoice(conversationId);
        const message = { text: "Go on from where you stopped.", fileIds: [], skillIds: [], model };
        const response = await sendMessage(conversationId, message);
        noteRunning(queries, response);
        onBegun(response.id);
      },
      branch: async (item) => {
        const { id } = await branchConversation(conversationId, item?.id ?? null);
        renew("conversations");
        await navigate({ to: "/tasks/$conversationId", params: { conversationId: id }, search: {} });
      },
      showVersion: async (item, step) => {
        const versions = await listVersions(conversationId, item.id);
        const wanted = (item.version?.index ?? 1) + step;
        const found = versions.data.find(({ version }) => version?.index === wanted);
        if (found) await restoreItem(conversationId, found.id);
        await renewItems();
        const row = `[data-item="${CSS.escape(found?.id ?? item.id)}"]`;
        const button = step < 0 ? "Previous version" : "Next version";
        focusWhenThere([`${row} [aria-label="${button}"]`, row]);
      },
    };
  }, [conversationId, onBegun, queries, navigate, renew]);
}

export const DeedsContext = createContext<Deeds | null>(null);

export function useDeeds(): Deeds {
  const deeds = use(DeedsContext);
  if (!deeds) throw new Error("Messages need the deeds of their task.");
  return deeds;
}

/** Does it, and says what went wrong. */
export const tried = (deed: Promise<unknown>): void => void deed.catch(toastError);
