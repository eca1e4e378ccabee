/** What can be done with an artifact: open, rename, export, delete. */
import { useNavigate } from "@tanstack/react-router";
import { Download, Ellipsis, ExternalLink, Pencil, SquareArrowOutUpRight, Trash2 } from "lucide-react";
import { useState } from "react";
import { artifactExportUrl, deleteArtifact, openArtifact, renameArtifact } from "@/api/artifacts";
import { ApiError } from "@/api/client";
import type { Artifact } from "@/api/types";
import { IconButton } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "@/components/Menu";
import { RenameDialog } from "@/components/RenameDialog";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";

const LONGEST = 200;

interface DeedsProps {
  artifact: Artifact;
  serveUrl: string | undefined;
}

export function ArtifactDeeds({ artifact, serveUrl }: DeedsProps) {
  const [isRenaming, setRenaming] = useState(false);
  const renew = useRenew();
  const remove = useRemove(artifact);
  const hasTabs = !window.cowork;
  const openTab = () => globalThis.open(serveUrl, "_blank", "noopener");
  const open = async () => {
    try {
      await openArtifact(artifact.id);
    } catch (error) {
      if (!(error instanceof ApiError && error.type === "no_display" && serveUrl && hasTabs)) throw error;
      toast("There is no other window to open it in.", { label: "Open in a tab", onPress: openTab });
    }
  };
  return (
    <>
      <IconButton
        label="Open in a window"
        icon={<SquareArrowOutUpRight />}
        onClick={() => void open().catch(toastError)}
      />
      <Menu trigger={<IconButton label="More" icon={<Ellipsis />} />}>
        <MenuItem icon={<Pencil />} onSelect={() => setRenaming(true)}>
          Rename
        </MenuItem>
        {hasTabs && (
          <MenuItem icon={<ExternalLink />} isDisabled={!serveUrl} onSelect={openTab}>
            Open in a tab
          </MenuItem>
        )}
        <MenuLink icon={<Download />} href={artifactExportUrl(artifact.id)} download>
          Export as zip
        </MenuLink>
        <MenuSeparator />
        <MenuItem icon={<Trash2 />} isDangerous onSelect={() => void remove().catch(toastError)}>
          Delete
        </MenuItem>
      </Menu>
      {isRenaming && (
        <RenameDialog
          title="Rename the artifact"
          field="title"
          value={artifact.title}
          maxLength={LONGEST}
          save={async (title) => {
            await renameArtifact(artifact.id, title);
            renew("artifacts", "search");
          }}
          onClose={() => setRenaming(false)}
        />
      )}
    </>
  );
}

function useRemove(artifact: Artifact): () => Promise<void> {
  const confirm = useConfirm();
  const renew = useRenew();
  const navigate = useNavigate();
  return async () => {
    const isSure = await confirm({
      title: "Delete this artifact?",
      description: `“${artifact.title}”, all its versions and what it has stored will be gone.`,
      action: "Delete",
    });
    if (!isSure) return;
    await deleteArtifact(artifact.id);
    await navigate({ to: "/artifacts", search: {} });
    renew("artifacts", "search");
    toast("The artifact was deleted.");
  };
}
