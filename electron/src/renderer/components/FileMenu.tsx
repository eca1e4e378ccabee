/** What can be done with a file: ask about it, rename, download, delete. */
import { useNavigate } from "@tanstack/react-router";
import { Download, Ellipsis, MessageSquarePlus, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { deleteFile, fileContentUrl, renameFile } from "@/api/files";
import type { FileView } from "@/api/types";
import { useRenew } from "@/hooks/useRenew";
import { attach, NEW } from "@/state/draft";
import { IconButton } from "./Button";
import { useConfirm } from "./Confirm";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "./Menu";
import { RenameDialog } from "./RenameDialog";
import { toastError } from "./toast";

const LONGEST = 1_000;

interface FileMenuProps {
  file: FileView;
  onDeleted: () => void;
}

export function FileMenu({ file, onDeleted }: FileMenuProps) {
  const [isRenaming, setRenaming] = useState(false);
  const ask = useAsk();
  const confirm = useConfirm();
  const renew = useRenew();
  const remove = async () => {
    const isSure = await confirm({
      title: "Delete this file?",
      description: `“${file.name}” and its text will be gone from tasks and from the search.`,
      action: "Delete",
    });
    if (!isSure) return;
    await deleteFile(file.id);
    onDeleted();
    renew("files", "search");
  };
  return (
    <>
      <Menu trigger={<IconButton label={`Options of ${file.name}`} icon={<Ellipsis />} size="small" />}>
        {canAsk(file) && (
          <MenuItem icon={<MessageSquarePlus />} onSelect={() => ask(file)}>
            Ask about this file
          </MenuItem>
        )}
        <MenuLink icon={<Download />} href={fileContentUrl(file.id)} download>
          Download
        </MenuLink>
        <MenuItem icon={<Pencil />} onSelect={() => setRenaming(true)}>
          Rename
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Trash2 />} isDangerous onSelect={() => void remove().catch(toastError)}>
          Delete
        </MenuItem>
      </Menu>
      {isRenaming && (
        <RenameDialog
          title="Rename the file"
          field="name"
          value={file.name}
          maxLength={LONGEST}
          save={async (name) => {
            await renameFile(file.id, name);
            renew("files", "search");
          }}
          onClose={() => setRenaming(false)}
        />
      )}
    </>
  );
}

/** Tasks reach the files of their own project alone. */
const canAsk = (file: FileView): boolean => file.project_id !== null;

/** Begins a new task in the file's project, with the file. */
function useAsk(): (file: FileView) => void {
  const navigate = useNavigate();
  return ({ id, name, size, mime_type, project_id }) => {
    attach(NEW, { id, name, size, mime_type, isShared: true });
    void navigate({ to: "/", search: project_id === null ? {} : { project: project_id } });
  };
}
