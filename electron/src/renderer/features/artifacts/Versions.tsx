/** The versions of an artifact, newest first, each with the way back to it. */
import { useQuery } from "@tanstack/react-query";
import { restoreVersion, versionsQuery } from "@/api/artifacts";
import type { Artifact } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { bytes, plural } from "@/components/format";
import { Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./ArtifactView.module.css";

export function Versions({ artifact }: { artifact: Artifact }) {
  const versions = useQuery(versionsQuery(artifact.id));
  const renew = useRenew();
  const restore = async (version: number) => {
    const before = artifact.version;
    await restoreVersion(artifact.id, version);
    renew("artifacts");
    toast(`Version ${version} is the current one again.`, {
      label: "Undo",
      onPress: () => void restoreVersion(artifact.id, before).then(() => renew("artifacts"), toastError),
    });
  };
  return (
    <aside className={styles.versions} aria-label="Versions">
      <h2>Versions</h2>
      {versions.isPending && <Loading />}
      {versions.isError && <Failed error={versions.error} onRetry={() => void versions.refetch()} isInline />}
      <ol>
        {versions.data?.data.map(({ version, title, files, size, is_current, created_at }) => (
          <li key={version} className={styles.version}>
            <span className={styles.number}>
              Version {version} {is_current && <Badge tone="accent">Current</Badge>}
            </span>
            <span className={styles.facts}>
              {title} · {plural(files, "file")}, {bytes(size)} · <Time at={created_at} />
            </span>
            {!is_current && (
              <Button size="small" onClick={() => void restore(version).catch(toastError)}>
                Restore<span className="visually-hidden"> version {version}</span>
              </Button>
            )}
          </li>
        ))}
      </ol>
    </aside>
  );
}
