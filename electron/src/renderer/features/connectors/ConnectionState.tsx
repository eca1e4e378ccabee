/** How a connection is: in words with a shape, why it failed, and a button that tests it again. */
import { CircleAlert, CircleCheck, LoaderCircle, RotateCw } from "lucide-react";
import { useState, type ReactNode } from "react";
import { testConnection } from "@/api/connections";
import type { Connection, ConnectionStatus } from "@/api/types";
import { Badge, type Tone } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Time } from "@/components/Time";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./ConnectionState.module.css";

const STATES: Record<ConnectionStatus, { tone: Tone; icon: ReactNode; words: string }> = {
  connected: { tone: "good", icon: <CircleCheck />, words: "Connected" },
  error: { tone: "danger", icon: <CircleAlert />, words: "Not connected" },
  pending: { tone: "neutral", icon: <LoaderCircle />, words: "Being tested" },
};

export function ConnectionBadge({ status }: { status: ConnectionStatus }) {
  const { tone, icon, words } = STATES[status];
  return (
    <Badge tone={tone} icon={icon}>
      {words}
    </Badge>
  );
}

export const accessWords = ({ access }: Connection): string =>
  access === "read" ? "Read only" : "Read and write";

export function ConnectionState({ connection, children }: { connection: Connection; children?: ReactNode }) {
  const [isTesting, setTesting] = useState(false);
  const renew = useRenew();
  const test = async () => {
    setTesting(true);
    try {
      await testConnection(connection.id);
    } finally {
      setTesting(false);
      renew("connections");
    }
  };
  const status = isTesting ? "pending" : connection.status;
  return (
    <section className={styles.state} aria-label="State">
      <div role="status" className={styles.words}>
        <div className={styles.deeds}>
          <ConnectionBadge status={status} />
          <Badge>{accessWords(connection)}</Badge>
        </div>
        {status === "pending" && <p>This takes 15 seconds at most.</p>}
        {status === "error" && <p className={styles.error}>{connection.error}</p>}
        {status === "connected" && connection.server && <p>{connection.server}</p>}
        {status !== "pending" && connection.tested_at && (
          <p className={styles.tested}>
            Tested <Time at={connection.tested_at} />
          </p>
        )}
      </div>
      <div className={styles.deeds}>
        {children}
        <Button
          icon={<RotateCw />}
          isBusy={status === "pending"}
          onClick={() => void test().catch(toastError)}
        >
          Test again
        </Button>
      </div>
    </section>
  );
}
