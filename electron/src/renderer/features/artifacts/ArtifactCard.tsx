/** One artifact in the gallery: how it looks, what it is, of which project. */
import { Link } from "@tanstack/react-router";
import type { Artifact } from "@/api/types";
import { Time } from "@/components/Time";
import styles from "./ArtifactsView.module.css";
import { Thumbnail } from "./Thumbnail";
import { TYPES } from "./types";

export const ArtifactCard = ({ artifact, project }: { artifact: Artifact; project: string | undefined }) => (
  <li className={styles.card}>
    <Thumbnail artifact={artifact} />
    <div className={styles.words}>
      <Link
        to="/artifacts/$artifactId"
        params={{ artifactId: artifact.id }}
        search={{}}
        className={styles.title}
        title={artifact.title}
      >
        {artifact.title}
      </Link>
      <span className={styles.facts}>
        {TYPES[artifact.type]} · <Time at={artifact.updated_at} />
        {project && ` · ${project}`}
      </span>
    </div>
  </li>
);
