/** A task's messages and its turns, live: what other windows, schedules and the agent do to it is seen at once. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { inFlightQuery } from "@/api/conversations";
import { itemsOf, itemsQuery } from "@/api/items";
import { noteEnded } from "@/api/responses";
import type { AgentResponse, ServerEvent } from "@/api/types";
import { toastError } from "@/components/toast";
import { useServerEvents } from "@/hooks/live";
import { useVisible } from "@/hooks/useVisible";
import { toRows } from "./rows";
import { TurnStore } from "./turnStore";

export function useConversation(conversationId: string) {
  const items = useItems(conversationId);
  const inFlight = useQuery(inFlightQuery);
  const running = inFlight.data?.data.find((one) => one.conversation_id === conversationId) ?? null;
  const turns = useFollowedTurns(conversationId, running);
  const loaded = useMemo(() => itemsOf(items.data), [items.data]);
  const rows = useMemo(() => toRows(loaded, running), [loaded, running]);
  return { items, rows, turns, running };
}

/** Renewed when a message has come or gone, and for nothing else: a long thread is much to fetch. */
function useItems(conversationId: string) {
  const queries = useQueryClient();
  useServerEvents(
    useCallback(
      (event: ServerEvent) => {
        if (isAbout(event, conversationId)) {
          void queries.invalidateQueries({ queryKey: itemsQuery(conversationId).queryKey });
        }
      },
      [queries, conversationId],
    ),
  );
  return useInfiniteQuery(itemsQuery(conversationId));
}

function isAbout(event: ServerEvent, conversationId: string): boolean {
  if (event.type === "turn.started" || event.type === "turn.ended") {
    return event.conversation_id === conversationId;
  }
  if (event.type !== "resource.changed" || event.resource !== "conversation") return false;
  return event.id === conversationId || event.id === null;
}

/** The turn that runs, and the one before it, whose answer may not be fetched yet. */
function useFollowedTurns(conversationId: string, running: AgentResponse | null): readonly TurnStore[] {
  const queries = useQueryClient();
  const [turns, setTurns] = useState<readonly TurnStore[]>([]);
  const id = running?.id ?? null;
  if (id !== null && !turns.some((turn) => turn.responseId === id)) {
    setTurns([...turns.slice(-1), new TurnStore(id, conversationId)]);
  }
  const latest = turns.at(-1);
  const renew = useCallback(
    () => queries.invalidateQueries({ queryKey: itemsQuery(conversationId).queryKey }),
    [queries, conversationId],
  );
  // A browser has six connections to a server, for all of its windows: those that nobody sees leave theirs to others.
  const isVisible = useVisible();
  useEffect(() => {
    if (!latest || !isVisible) return;
    const stop = latest.follow((error) => {
      toastError(error);
      void renew();
    });
    const unsubscribe = latest.subscribe(() => {
      // Its messages first: what is not stored is shown only while it runs.
      if (latest.get().status !== "running") void renew().then(() => noteEnded(queries, latest.responseId));
    });
    return () => {
      stop();
      unsubscribe();
    };
  }, [queries, latest, isVisible, renew]);
  return turns;
}
