/** Which tasks have ended a turn that nobody has looked at in this browser. */
import { useMemo } from "react";
import { readStored, useStored, writeStored } from "@/hooks/useStored";

const KEY = "cowork.unseen";
const NONE: readonly string[] = [];
const KEPT = 500;

export function useUnseen(): ReadonlySet<string> {
  const [ids] = useStored(KEY, NONE);
  return useMemo(() => new Set(ids), [ids]);
}

export function markUnseen(conversationId: string): void {
  const ids = readStored(KEY, NONE);
  if (!ids.includes(conversationId)) writeStored(KEY, [conversationId, ...ids].slice(0, KEPT));
}

export function markSeen(conversationId: string): void {
  const ids = readStored(KEY, NONE);
  if (ids.includes(conversationId))
    writeStored(
      KEY,
      ids.filter((id) => id !== conversationId),
    );
}
