/** Connections and what can be connected. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { connectionsQuery, specsQuery } from "@/api/connections";
import type { Connection, ConnectorSpec } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Page } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { Catalogue } from "./Catalogue";
import { accessWords, ConnectionBadge } from "./ConnectionState";
import styles from "./ConnectorsView.module.css";
import { Monogram } from "./Monogram";

export function ConnectorsView() {
  const connections = useQuery(connectionsQuery);
  const specs = useQuery(specsQuery);
  return (
    <Page
      title="Connectors"
      description="Databases, mail and services that tasks can read from, and, where you allow it, change."
      isWide
    >
      <section className={styles.section} aria-labelledby="your-connections">
        <h2 id="your-connections">Your connections</h2>
        {connections.isPending && <Loading lines={2} />}
        {connections.isError && (
          <Failed error={connections.error} onRetry={() => void connections.refetch()} isInline />
        )}
        {connections.data?.total === 0 && (
          <p className={styles.nothing}>None yet. Choose below what to connect.</p>
        )}
        <ul>
          {connections.data?.data.map((connection) => (
            <ConnectionRow
              key={connection.id}
              connection={connection}
              spec={specs.data?.data.find((spec) => spec.id === connection.spec_id)}
            />
          ))}
        </ul>
      </section>
      <section className={styles.section} aria-labelledby="catalogue">
        <h2 id="catalogue">Connect something</h2>
        {specs.isPending && <Loading />}
        {specs.isError && <Failed error={specs.error} onRetry={() => void specs.refetch()} isInline />}
        {specs.data && <Catalogue specs={specs.data.data} />}
      </section>
    </Page>
  );
}

function ConnectionRow({ connection, spec }: { connection: Connection; spec: ConnectorSpec | undefined }) {
  const kind = spec?.name ?? connection.spec_id;
  return (
    <li className={styles.row}>
      <Monogram id={connection.spec_id} name={kind} />
      <div className={styles.what}>
        <Link to="/connectors/$connectionId" params={{ connectionId: connection.id }} className={styles.name}>
          {connection.name}
        </Link>
        <p className={styles.kind}>{connection.server ?? kind}</p>
        {connection.status === "error" && <p className={styles.error}>{connection.error}</p>}
      </div>
      <div className={styles.badges}>
        <Badge>{accessWords(connection)}</Badge>
        <ConnectionBadge status={connection.status} />
      </div>
    </li>
  );
}
