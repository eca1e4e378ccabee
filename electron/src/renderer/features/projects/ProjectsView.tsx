/** All projects, and a new one. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { FolderKanban, FolderPlus } from "lucide-react";
import { useState } from "react";
import { createProject, projectsQuery } from "@/api/projects";
import type { Project } from "@/api/types";
import { Button } from "@/components/Button";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import { useRenew } from "@/hooks/useRenew";
import { ProjectDialog } from "./ProjectDialog";
import styles from "./ProjectsView.module.css";

export function ProjectsView() {
  const projects = useQuery(projectsQuery);
  const [isMaking, setMaking] = useState(false);
  const navigate = useNavigate();
  const renew = useRenew();
  const listed = projects.data?.data ?? [];
  const make = (
    <Button kind="primary" icon={<FolderPlus />} onClick={() => setMaking(true)}>
      New project
    </Button>
  );
  const isBare = projects.isSuccess && listed.every(({ is_general }) => is_general);
  return (
    <Page
      title="Projects"
      description="Each has its own tasks, files, artifacts, memories and connections."
      actions={!isBare && make}
    >
      {projects.isPending && <Loading lines={5} />}
      {projects.isError && <Failed error={projects.error} onRetry={() => void projects.refetch()} />}
      <ul className={styles.rows} aria-label="Projects">
        {listed.map((project) => (
          <ProjectRow key={project.id} project={project} />
        ))}
      </ul>
      {isBare && (
        <Empty icon={<FolderKanban />} title="Keep together what belongs together" action={make}>
          Tasks of a project share its files and memories, and reach the connections that you choose for it.
        </Empty>
      )}
      {isMaking && (
        <ProjectDialog
          title="New project"
          action="Create"
          save={async (body) => {
            const { id } = await createProject(body);
            renew("projects");
            await navigate({ to: "/projects/$projectId", params: { projectId: id } });
          }}
          onClose={() => setMaking(false)}
        />
      )}
    </Page>
  );
}

const ProjectRow = ({ project }: { project: Project }) => (
  <li className={styles.row}>
    <Link to="/projects/$projectId" params={{ projectId: project.id }} className={styles.link}>
      <span className={styles.name}>{project.name}</span>
      <span className={styles.time}>
        <Time at={project.updated_at} />
      </span>
      <span className={styles.description}>{descriptionOf(project)}</span>
    </Link>
  </li>
);

/** General says what it is for where nobody else does. */
const descriptionOf = ({ description, is_general }: Project): string =>
  description || (is_general ? "What belongs to no other project." : "");
