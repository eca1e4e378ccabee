/** Signing in at a provider: in another tab of the browser, while this one waits. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { useEffect, useState } from "react";
import { connectionsQuery, startOAuth } from "@/api/connections";
import { oauthClientsQuery } from "@/api/oauthClients";
import type { Connection, ConnectorSpec } from "@/api/types";
import { Button } from "@/components/Button";
import { Failed, Loading } from "@/components/States";
import { OAuthClientForm } from "./OAuthClientForm";
import styles from "./Form.module.css";

interface Prepared {
  name?: string;
  access?: "read" | "write";
  connection_id?: string;
}

interface Waiting {
  url: string;
  /** Whose sign-in it is; else one that was not there before. */
  connectionId: string | undefined;
  /** Connections as they were, by their last change. */
  before: ReadonlyMap<string, string>;
}

interface SignInProps {
  spec: ConnectorSpec;
  provider: string | null;
  prepare: () => Promise<Prepared>;
  onFailed: (error: unknown) => void;
  onDone: (connectionId: string) => void;
}

export function SignIn({ spec, provider, prepare, onFailed, onDone }: SignInProps) {
  const [waiting, setWaiting] = useState<Waiting | null>(null);
  const [isBusy, setBusy] = useState(false);
  const clients = useQuery(oauthClientsQuery);
  const queries = useQueryClient();
  const begin = async () => {
    setBusy(true);
    try {
      const prepared = await prepare();
      const known = await queries.query({ ...connectionsQuery, staleTime: 0 });
      const before = new Map(known.data.map(({ id, updated_at }) => [id, updated_at]));
      const { redirect_url: url } = await startOAuth(spec.id, prepared);
      setWaiting({ url, connectionId: prepared.connection_id, before });
      window.open(url, "_blank", "noopener");
    } catch (error) {
      onFailed(error);
    } finally {
      setBusy(false);
    }
  };
  const client = clients.data?.data.find((one) => one.provider === provider);
  if (clients.isPending) return <Loading lines={1} />;
  if (clients.isError) {
    return <Failed error={clients.error} onRetry={() => void clients.refetch()} isInline />;
  }
  if (client?.client_id === null) return <OAuthClientForm client={client} />;
  if (waiting) {
    return <Waits spec={spec} waiting={waiting} onCancel={() => setWaiting(null)} onDone={onDone} />;
  }
  return (
    <div className={styles.deeds}>
      <Button kind="primary" icon={<ExternalLink />} isBusy={isBusy} onClick={() => void begin()}>
        Sign in{client ? ` with ${client.name}` : ""}
      </Button>
    </div>
  );
}

interface WaitsProps {
  spec: ConnectorSpec;
  waiting: Waiting;
  onCancel: () => void;
  onDone: (connectionId: string) => void;
}

function Waits({ spec, waiting, onCancel, onDone }: WaitsProps) {
  // The list, not the events: a window that is not seen may miss those, and this one is behind the provider's page.
  const connections = useQuery({ ...connectionsQuery, refetchInterval: 2_000 });
  const made = connections.data?.data.find((one) => isSignedIn(one, spec, waiting))?.id;
  useEffect(() => {
    if (made) onDone(made);
  }, [made, onDone]);
  return (
    <div className={styles.fields}>
      <p role="status">
        Waiting for you to sign in. It goes on here by itself.{" "}
        <a href={waiting.url} target="_blank" rel="noopener noreferrer">
          Open the page to sign in
        </a>
      </p>
      <div className={styles.deeds}>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </div>
  );
}

function isSignedIn(connection: Connection, spec: ConnectorSpec, { connectionId, before }: Waiting): boolean {
  if (connectionId)
    return connection.id === connectionId && before.get(connectionId) !== connection.updated_at;
  return connection.spec_id === spec.id && !before.has(connection.id);
}
