/** An artifact that an answer made: opens it here, or in a window of its own. */
import { Link } from "@tanstack/react-router";
import {
  AppWindow,
  ChartColumn,
  ExternalLink,
  FileText,
  LayoutDashboard,
  type LucideIcon,
} from "lucide-react";
import { openArtifact } from "@/api/items";
import type { ArtifactPart } from "@/api/types";
import { IconButton } from "@/components/Button";
import { toastError } from "@/components/toast";
import styles from "./ArtifactCard.module.css";

const KINDS: Record<ArtifactPart["artifact_type"], { name: string; Icon: LucideIcon }> = {
  app: { name: "App", Icon: AppWindow },
  dashboard: { name: "Dashboard", Icon: LayoutDashboard },
  report: { name: "Report", Icon: ChartColumn },
  doc: { name: "Document", Icon: FileText },
};

export function ArtifactCard({ artifact }: { artifact: ArtifactPart }) {
  const { artifact_id, artifact_type, title, version } = artifact;
  const { name, Icon } = KINDS[artifact_type];
  return (
    <div className={styles.card}>
      <span className={styles.icon} aria-hidden>
        <Icon />
      </span>
      <Link
        to="/artifacts/$artifactId"
        params={{ artifactId: artifact_id }}
        search={{}}
        className={styles.link}
      >
        <span className={styles.title}>{title}</span>
        <span className={styles.kind}>
          {name}
          {version > 1 && ` · version ${version}`}
        </span>
      </Link>
      <IconButton
        label={`Open ${title} in a window`}
        icon={<ExternalLink />}
        size="small"
        onClick={() => void openArtifact(artifact_id).catch(toastError)}
      />
    </div>
  );
}
