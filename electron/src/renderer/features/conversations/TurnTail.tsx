/** The end of a turn that runs: what waits for the user, what it waits for itself, and that it is at work. */
import { useEffect, useState } from "react";
import { seconds } from "@/components/format";
import { pendingApprovals, type TurnState } from "@/state/turn";
import { ApprovalCard } from "@/components/ApprovalCard";
import styles from "./Message.module.css";

export function TurnTail({ state }: { state: TurnState }) {
  const pending = pendingApprovals(state);
  return (
    <>
      {pending.map((approval) => (
        <ApprovalCard key={approval.id} approval={approval} />
      ))}
      {state.retry && (
        <p className={styles.notice}>
          {state.retry.error.message} It is tried again in {seconds(state.retry.waitSeconds)} (attempt{" "}
          {state.retry.attempt}).
        </p>
      )}
      {pending.length === 0 && <AtWork since={state.response?.created_at ?? null} />}
    </>
  );
}

function AtWork({ since }: { since: string | null }) {
  const now = useSeconds();
  const past = since === null ? 0 : Math.floor((now - Date.parse(since)) / 1000);
  return (
    <p className={styles.atWork}>
      <span className={styles.pulse} aria-hidden />
      Working
      {past >= 3 && <span className={styles.elapsed}>{past < 60 ? `${past} s` : seconds(past)}</span>}
    </p>
  );
}

function useSeconds(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
