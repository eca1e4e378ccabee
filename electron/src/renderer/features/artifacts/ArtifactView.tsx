/** One artifact: it runs on an origin of its own; its versions, and what can be done with it. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Download, Ellipsis, ExternalLink, History, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import {
  artifactExportUrl,
  artifactQuery,
  deleteArtifact,
  openArtifact,
  previewQuery,
} from "@/api/artifacts";
import { ApiError } from "@/api/client";
import type { Artifact } from "@/api/types";
import { IconButton } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "@/components/Menu";
import { useTitle } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./ArtifactView.module.css";
import { RenameDialog } from "./RenameDialog";
import { TYPES } from "./types";
import { Versions } from "./Versions";

export function ArtifactView() {
  const { artifactId } = useParams({ from: "/artifacts/$artifactId" });
  const artifact = useQuery(artifactQuery(artifactId));
  useTitle(artifact.data?.title ?? "Artifact");
  if (artifact.isPending) return <Loading lines={6} />;
  if (artifact.isError)
    return <Failed level={1} error={artifact.error} onRetry={() => void artifact.refetch()} />;
  return <Shown artifact={artifact.data} />;
}

function Shown({ artifact }: { artifact: Artifact }) {
  const [hasVersions, setVersions] = useState(false);
  const preview = useQuery(previewQuery(artifact));
  return (
    <div className={styles.view}>
      <header className={styles.header}>
        <div className={styles.heading}>
          <h1 className={styles.title}>{artifact.title}</h1>
          <span className={styles.facts}>
            {TYPES[artifact.type]} · Version {artifact.version} ·{" "}
            <Link to="/artifacts" search={{ project: artifact.project_id }}>
              Others of the project
            </Link>
          </span>
        </div>
        <IconButton
          label="Versions"
          icon={<History />}
          aria-pressed={hasVersions}
          onClick={() => setVersions(!hasVersions)}
        />
        <Deeds artifact={artifact} serveUrl={preview.data?.serve_url} />
      </header>
      <div className={styles.body}>
        {preview.isPending && <Loading lines={6} />}
        {preview.isError && <Failed error={preview.error} onRetry={() => void preview.refetch()} />}
        {preview.data && (
          <iframe
            key={artifact.version}
            title={artifact.title}
            src={preview.data.serve_url}
            sandbox="allow-scripts allow-same-origin allow-forms allow-downloads allow-modals"
            className={styles.frame}
          />
        )}
        {hasVersions && <Versions artifact={artifact} />}
      </div>
    </div>
  );
}

function Deeds({ artifact, serveUrl }: { artifact: Artifact; serveUrl: string | undefined }) {
  const [isRenaming, setRenaming] = useState(false);
  const confirm = useConfirm();
  const renew = useRenew();
  const navigate = useNavigate();
  const open = async () => {
    try {
      await openArtifact(artifact.id);
    } catch (error) {
      // A machine without a display has no other window: this one can open a tab.
      if (error instanceof ApiError && error.type === "no_display" && serveUrl) {
        globalThis.open(serveUrl, "_blank", "noopener");
      } else throw error;
    }
  };
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this artifact?",
      description: `“${artifact.title}”, all its versions and what it has stored will be gone.`,
      action: "Delete",
    });
    if (!isSure) return;
    await deleteArtifact(artifact.id);
    renew("artifacts");
    await navigate({ to: "/artifacts", search: {} });
  };
  return (
    <>
      <IconButton
        label="Open in a window"
        icon={<ExternalLink />}
        onClick={() => void open().catch(toastError)}
      />
      <Menu trigger={<IconButton label="More" icon={<Ellipsis />} />}>
        <MenuItem icon={<Pencil />} onSelect={() => setRenaming(true)}>
          Rename
        </MenuItem>
        <MenuLink icon={<Download />} href={artifactExportUrl(artifact.id)} download>
          Export as zip
        </MenuLink>
        <MenuSeparator />
        <MenuItem icon={<Trash2 />} isDangerous onSelect={() => void remove().catch(toastError)}>
          Delete
        </MenuItem>
      </Menu>
      {isRenaming && <RenameDialog artifact={artifact} onClose={() => setRenaming(false)} />}
    </>
  );
}
