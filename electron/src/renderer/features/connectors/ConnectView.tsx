/** A new connection: its form, made from the spec, and how its first test ends. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";
import { connectionQuery, specQuery } from "@/api/connections";
import type { ConnectorSpec } from "@/api/types";
import { Button } from "@/components/Button";
import { Page } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { ConnectForm } from "./ConnectForm";
import { ConnectionState } from "./ConnectionState";
import styles from "./Form.module.css";

export function ConnectView() {
  const { specId } = useParams({ from: "/connectors/new/$specId" });
  const spec = useQuery(specQuery(specId));
  if (spec.isError) {
    return (
      <Page title="Connect" trail={<Trail />}>
        <Failed error={spec.error} onRetry={() => void spec.refetch()} />
      </Page>
    );
  }
  return (
    <Page
      title={spec.data ? `Connect ${spec.data.name}` : "Connect"}
      description={spec.data?.description}
      trail={<Trail />}
    >
      {spec.data ? <Connecting key={specId} spec={spec.data} /> : <Loading lines={5} />}
    </Page>
  );
}

const Trail = () => <Link to="/connectors">Connectors</Link>;

function Connecting({ spec }: { spec: ConnectorSpec }) {
  const [made, setMade] = useState<string | null>(null);
  const [isEditing, setEditing] = useState(true);
  const onSaved = useCallback((id: string) => {
    setMade(id);
    setEditing(false);
  }, []);
  return (
    <>
      {spec.missing && (
        <p role="note" className={styles.note}>
          {spec.missing}
        </p>
      )}
      {/* Kept while its test runs: what was filled in is still there when it has to be mended. */}
      <div hidden={!isEditing}>
        <ConnectForm spec={spec} connectionId={made} isShown={isEditing} onSaved={onSaved} />
      </div>
      {made && !isEditing && <Made id={made} onEdit={() => setEditing(true)} />}
    </>
  );
}

function Made({ id, onEdit }: { id: string; onEdit: () => void }) {
  const connection = useQuery(connectionQuery(id));
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className={styles.form}>
      <h2 ref={heading} tabIndex={-1}>
        {connection.data?.name ?? "Connection"}
      </h2>
      {connection.isError && (
        <Failed error={connection.error} onRetry={() => void connection.refetch()} isInline />
      )}
      {connection.data && (
        <ConnectionState connection={connection.data}>
          {connection.data.status === "connected" ? (
            <Link to="/connectors/$connectionId" params={{ connectionId: id }} className={styles.open}>
              See what is in it
            </Link>
          ) : (
            <Button onClick={onEdit}>Edit</Button>
          )}
        </ConnectionState>
      )}
    </div>
  );
}
