/** What runs here. */
import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "@/api/settings";
import { Failed, Loading } from "@/components/States";
import styles from "./SettingsView.module.css";

const SECRETS = {
  keyring: "In this system’s keyring",
  file: "In Cowork’s encrypted file",
  unavailable: "Nowhere: there is no keyring. `--secrets file` keeps them in an encrypted file.",
} as const;

export function AboutSection() {
  const shell = window.cowork;
  const health = useQuery(healthQuery);
  if (health.isPending) return <Loading lines={2} />;
  if (health.isError) return <Failed error={health.error} onRetry={() => void health.refetch()} isInline />;
  return (
    <>
      <dl className={styles.facts}>
        <dt>Version</dt>
        <dd>{health.data.version}</dd>
        {shell && (
          <>
            <dt>Desktop app</dt>
            <dd>{shell.version}</dd>
          </>
        )}
        <dt>Credentials</dt>
        <dd>{SECRETS[health.data.secrets]}</dd>
        <dt>Database</dt>
        <dd>Schema {health.data.schema_version}</dd>
      </dl>
      <p>
        <a href="/api/v1/docs" target="_blank" rel="noopener noreferrer">
          The REST API of this server
        </a>
        {shell && ". Your scripts need the token of this launch: menu Help → Copy the API’s token."}
      </p>
    </>
  );
}
