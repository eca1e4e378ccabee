/** What can be done with a project: edit, export, delete. */
import { useNavigate } from "@tanstack/react-router";
import { Download, Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { deleteProject, projectExportUrl, updateProject } from "@/api/projects";
import type { Project } from "@/api/types";
import { IconButton } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { Menu, MenuItem, MenuLink, MenuSeparator } from "@/components/Menu";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import { ProjectDialog } from "./ProjectDialog";

export function ProjectMenu({ project }: { project: Project }) {
  const [isEditing, setEditing] = useState(false);
  const remove = useRemoval(project);
  return (
    <>
      <Menu trigger={<IconButton label="More" icon={<Ellipsis />} />}>
        <MenuItem icon={<Pencil />} onSelect={() => setEditing(true)}>
          Edit name and description
        </MenuItem>
        <MenuLink icon={<Download />} href={projectExportUrl(project.id)} download>
          Export as zip
        </MenuLink>
        {!project.is_general && (
          <>
            <MenuSeparator />
            <MenuItem icon={<Trash2 />} isDangerous onSelect={() => void remove().catch(toastError)}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      {isEditing && <EditProject project={project} onClose={() => setEditing(false)} />}
    </>
  );
}

export function EditProject({ project, onClose }: { project: Project; onClose: () => void }) {
  const renew = useRenew();
  return (
    <ProjectDialog
      title="Edit the project"
      action="Save"
      before={project}
      save={async (words) => {
        await updateProject(project.id, words);
        renew("projects");
      }}
      onClose={onClose}
    />
  );
}

function useRemoval(project: Project): () => Promise<void> {
  const confirm = useConfirm();
  const navigate = useNavigate();
  const renew = useRenew();
  return async () => {
    const isSure = await confirm({
      title: "Delete this project?",
      description: `“${project.name}” goes with its tasks and their notebooks, its files, artifacts, schedules and memories, and its working folder. Connections and skills stay. Export it first to keep a copy.`,
      action: "Delete the project",
    });
    if (!isSure) return;
    await deleteProject(project.id);
    await navigate({ to: "/projects" });
    renew("projects", "conversations", "files", "artifacts", "schedules", "memories", "search");
  };
}
