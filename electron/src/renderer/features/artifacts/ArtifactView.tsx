/** One artifact: it runs on an origin of its own; its versions, and what can be done with it. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { History } from "lucide-react";
import { lazy, Suspense, useRef } from "react";
import { artifactQuery, previewQuery } from "@/api/artifacts";
import { ApiError } from "@/api/client";
import { projectQuery } from "@/api/projects";
import type { Artifact } from "@/api/types";
import { IconButton } from "@/components/Button";
import { useTitle } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { ArtifactDeeds } from "./ArtifactDeeds";
import styles from "./ArtifactView.module.css";
import { TYPES } from "./types";
import { useLoads } from "./useLoads";
import { Versions } from "./Versions";

const Comparison = lazy(() => import("./Comparison"));

export function ArtifactView() {
  const { artifactId } = useParams({ from: "/artifacts/$artifactId" });
  const artifact = useQuery(artifactQuery(artifactId));
  useTitle(artifact.data?.title ?? "Artifact");
  const isGone = artifact.error instanceof ApiError && artifact.error.status === 404;
  // What is shown stays where the server cannot be reached for a while.
  if (artifact.data && !isGone) return <Shown key={artifactId} artifact={artifact.data} />;
  if (artifact.isPending) return <Loading lines={6} />;
  return <Failed level={1} error={artifact.error} onRetry={() => void artifact.refetch()} />;
}

function Shown({ artifact }: { artifact: Artifact }) {
  const { from, to, versions = false } = useSearch({ from: "/artifacts/$artifactId" });
  const preview = useQuery(previewQuery(artifact));
  const navigate = useNavigate({ from: "/artifacts/$artifactId" });
  const showVersions = (isShown: boolean) =>
    void navigate({ search: isShown ? { versions: true } : {}, replace: true });
  const toggle = useRef<HTMLButtonElement>(null);
  return (
    <div className={styles.view}>
      <header className={styles.header}>
        <div className={styles.heading}>
          <h1 className={styles.title} title={artifact.title}>
            {artifact.title}
          </h1>
          <Facts artifact={artifact} />
        </div>
        <IconButton
          ref={toggle}
          label="Versions"
          icon={<History />}
          aria-pressed={versions}
          onClick={() => showVersions(!versions)}
        />
        <ArtifactDeeds artifact={artifact} serveUrl={preview.data?.serve_url} />
      </header>
      <div className={styles.body}>
        {from && to ? (
          <Suspense fallback={<Loading lines={6} />}>
            <Comparison artifact={artifact} from={from} to={to} onClose={() => toggle.current?.focus()} />
          </Suspense>
        ) : (
          <Running artifact={artifact} />
        )}
        {versions && (
          <Versions
            artifact={artifact}
            onClose={() => {
              toggle.current?.focus();
              showVersions(false);
            }}
          />
        )}
      </div>
    </div>
  );
}

function Facts({ artifact: { type, version, project_id } }: { artifact: Artifact }) {
  const project = useQuery(projectQuery(project_id));
  return (
    <span className={styles.facts}>
      {TYPES[type]} · Version {version}
      {project.data && (
        <>
          {" · "}
          <Link to="/projects/$projectId" params={{ projectId: project_id }} search={{}}>
            {project.data.name}
          </Link>
        </>
      )}
    </span>
  );
}

/** The page itself; a new version is loaded as soon as it is there. */
function Running({ artifact }: { artifact: Artifact }) {
  const preview = useQuery(previewQuery(artifact));
  const loads = useLoads(artifact);
  if (preview.isPending) return <Loading lines={6} />;
  if (!preview.data) return <Failed error={preview.error} onRetry={() => void preview.refetch()} />;
  return (
    <iframe
      key={loads}
      title={artifact.title}
      src={preview.data.serve_url}
      // On an origin that is not ours: it keeps what it stores, and can lead this window nowhere.
      sandbox="allow-scripts allow-same-origin allow-forms allow-downloads allow-modals"
      allow="clipboard-write; fullscreen"
      className={styles.frame}
    />
  );
}
