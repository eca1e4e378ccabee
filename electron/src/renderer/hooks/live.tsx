/** Live updates: follows what the server tells all windows, and renews what is shown. */
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";
import type { ConnectionState } from "../../shared/following";
import { followServerTogether } from "@/api/sharedEvents";
import type { ServerEvent } from "@/api/types";
import { markUnseen } from "@/state/unseen";
import type { Resource } from "./useRenew";

type Reader = (event: ServerEvent) => void;

interface Live {
  state: ConnectionState;
  readers: Set<Reader>;
}

const Context = createContext<Live | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [state, setState] = useState<ConnectionState>("connecting");
  const [readers] = useState(() => new Set<Reader>());

  useEffect(() => {
    const ended = new AbortController();
    void followServerTogether({
      signal: ended.signal,
      onState: setState,
      onEvents: (events) => {
        renewFor(queries, events);
        for (const event of events) readers.forEach((reader) => reader(event));
      },
    }).catch(() => setState("waiting"));
    return () => ended.abort();
  }, [queries, readers]);

  const live = useMemo(() => ({ state, readers }), [state, readers]);
  return <Context value={live}>{children}</Context>;
}

function useLive(): Live {
  const live = use(Context);
  if (!live) throw new Error("Live updates need a LiveProvider.");
  return live;
}

export const useConnectionState = (): ConnectionState => useLive().state;

/** Hears each event of the server while the component is shown; `reader` must keep its identity. */
export function useServerEvents(reader: Reader): void {
  const { readers } = useLive();
  useEffect(() => {
    readers.add(reader);
    return () => {
      readers.delete(reader);
    };
  }, [readers, reader]);
}

/** The queries that an event makes old. */
function staleAfter(event: ServerEvent): readonly Resource[] {
  switch (event.type) {
    case "stream.opened":
      return [];
    case "resource.changed":
      return RESOURCES[event.resource];
    case "approval.changed":
      return ["approvals"];
    case "connection.changed":
    case "connection.deleted":
      return ["connections", "projects"];
    case "turn.started":
    case "turn.ended":
      return ["responses", "conversations"];
    default:
      return ["schedules"];
  }
}

const RESOURCES = {
  conversation: ["conversations"],
  project: ["projects"],
  artifact: ["artifacts"],
  file: ["files"],
  memory: ["memories"],
  skill: ["skills"],
  scratchpad: ["scratchpads"],
  settings: ["settings", "health", "models"],
} as const satisfies Record<string, readonly Resource[]>;

function renewFor(queries: QueryClient, events: ServerEvent[]): void {
  // Events were lost, as after a restart: everything that is shown may be old.
  if (events.some((event) => event.type === "stream.opened" && !event.is_complete)) {
    void queries.invalidateQueries();
    return;
  }
  for (const event of events) {
    if (event.type === "turn.ended" && !isLookedAt(event.conversation_id)) markUnseen(event.conversation_id);
  }
  for (const resource of new Set(events.flatMap(staleAfter))) {
    void queries.invalidateQueries({ queryKey: [resource] });
  }
}

const isLookedAt = (conversationId: string): boolean =>
  document.visibilityState === "visible" && location.pathname.includes(conversationId);
