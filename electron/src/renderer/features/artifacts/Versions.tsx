/** The versions of an artifact, newest first, each with the way back to it and what it differs in. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { restoreVersion, versionsQuery } from "@/api/artifacts";
import type { Artifact, ArtifactVersion } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Button, IconButton } from "@/components/Button";
import { bytes, plural } from "@/components/format";
import { Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./Versions.module.css";

export function Versions({ artifact, onClose }: { artifact: Artifact; onClose: () => void }) {
  const versions = useQuery(versionsQuery(artifact.id));
  return (
    <aside className={styles.versions} aria-label="Versions">
      <div className={styles.header}>
        <h2>Versions</h2>
        <IconButton label="Close the versions" icon={<X />} size="small" onClick={onClose} />
      </div>
      {versions.isPending && <Loading />}
      {versions.isError && !versions.data && (
        <Failed error={versions.error} onRetry={() => void versions.refetch()} isInline />
      )}
      {versions.data?.total === 0 && <p className={styles.facts}>No version of it is stored.</p>}
      <ol>
        {versions.data?.data.map((version) => (
          <Version key={version.version} artifact={artifact} version={version} />
        ))}
      </ol>
      {versions.data?.has_more && <p className={styles.facts}>Older ones are not listed.</p>}
    </aside>
  );
}

const SOURCES: Record<ArtifactVersion["source"], string | null> = {
  save: null,
  restore: "Restored",
  folder: "Changed by hand",
};

function Version({ artifact, version: told }: { artifact: Artifact; version: ArtifactVersion }) {
  const { version, title, source, files, size, is_current, created_at } = told;
  const restore = useRestore(artifact);
  const facts = [
    title === artifact.title ? null : title,
    SOURCES[source],
    `${plural(files, "file")}, ${bytes(size)}`,
  ];
  return (
    <li className={styles.version}>
      <h3 className={styles.number}>
        Version {version} {is_current && <Badge tone="accent">Current</Badge>}
      </h3>
      <span className={styles.facts}>
        <Time at={created_at} /> · {facts.filter((fact) => fact !== null).join(" · ")}
      </span>
      {!is_current && (
        <div className={styles.deeds}>
          <Button size="small" isBusy={restore.isPending} onClick={() => restore.mutate(version)}>
            Restore<span className="visually-hidden"> version {version}</span>
          </Button>
          <Link
            to="/artifacts/$artifactId"
            params={{ artifactId: artifact.id }}
            search={{ from: version, to: artifact.version, versions: true }}
          >
            Compare<span className="visually-hidden"> version {version}</span> with the current
          </Link>
        </div>
      )}
    </li>
  );
}

function useRestore(artifact: Artifact) {
  const renew = useRenew();
  return useMutation({
    // What was current is noted first: events may tell of the new version before the answer is there.
    mutationFn: async (version: number) => {
      const before = artifact.version;
      await restoreVersion(artifact.id, version);
      return before;
    },
    onSuccess: (before, version) => {
      renew("artifacts");
      toast(`Version ${version} is the current one again.`, {
        label: "Undo",
        onPress: () => void restoreVersion(artifact.id, before).then(() => renew("artifacts"), toastError),
      });
    },
    onError: (error) => toastError(error),
  });
}
