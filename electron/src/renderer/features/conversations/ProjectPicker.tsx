/** Whose task a new one will be. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronDown, FolderKanban } from "lucide-react";
import { projectsQuery } from "@/api/projects";
import { Button } from "@/components/Button";
import { Menu, MenuChoices } from "@/components/Menu";
import styles from "./Composer.module.css";

const NONE = "";

export function ProjectPicker({ projectId }: { projectId: string | null }) {
  const projects = useQuery(projectsQuery);
  const navigate = useNavigate();
  // Tasks without a project share General's folder: it is offered where it was asked for.
  const offered = (projects.data?.data ?? []).filter(({ id, is_general }) => !is_general || id === projectId);
  if (offered.length === 0) return null;
  const name = offered.find(({ id }) => id === projectId)?.name ?? "No project";
  return (
    <Menu align="start" trigger={<Trigger name={name} />}>
      <MenuChoices
        label="Project"
        value={projectId ?? NONE}
        onChange={(id) =>
          void navigate({ to: "/", search: id === NONE ? {} : { project: id }, replace: true })
        }
        options={[
          { value: NONE, label: "No project" },
          ...offered.map((project) => ({ value: project.id, label: project.name })),
        ]}
      />
    </Menu>
  );
}

/** Radix gives the button what makes it a menu's. */
function Trigger({ name, ...rest }: { name: string }) {
  return (
    <Button
      {...rest}
      kind="ghost"
      size="small"
      icon={<FolderKanban />}
      className={styles.model}
      aria-label={`Project: ${name}`}
    >
      <span className={styles.modelName}>{name}</span>
      <ChevronDown aria-hidden />
    </Button>
  );
}
