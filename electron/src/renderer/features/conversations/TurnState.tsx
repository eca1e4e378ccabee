/** Tells screen readers how the turn stands, and not each word of it. */
import { useSyncExternalStore } from "react";
import type { TurnStore } from "./turnStore";

export function TurnState({ turn }: { turn: TurnStore | null }) {
  const words = useSyncExternalStore(turn?.subscribe ?? never, () => (turn ? wordsOf(turn) : ""));
  return (
    <p role="status" className="visually-hidden">
      {words}
    </p>
  );
}

const never = () => () => undefined;

function wordsOf(turn: TurnStore): string {
  const { status, approvals, error, retry } = turn.get();
  if (status === "completed") return "Finished";
  if (status === "failed") return error?.type === "cancelled" ? "Stopped" : "Failed";
  const asked = approvals.find((approval) => approval.status === "pending");
  if (asked) return `Waiting for your answer: ${asked.summary}`;
  return retry ? "Waiting to try again…" : "Working…";
}
