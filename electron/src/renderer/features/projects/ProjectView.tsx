/** One project: what it is, and each of its parts. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { SquarePen } from "lucide-react";
import { useEffect, useRef } from "react";
import { projectQuery } from "@/api/projects";
import type { Project } from "@/api/types";
import { Button } from "@/components/Button";
import { Page } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { Overview } from "./Overview";
import { ProjectArtifacts, ProjectMemories, ProjectSchedules } from "./ProjectLists";
import { ProjectFiles } from "./ProjectFiles";
import { ProjectMenu } from "./ProjectMenu";
import { ProjectTasks } from "./ProjectTasks";
import styles from "./ProjectView.module.css";
import { ProjectConnections, ProjectSkills } from "./Reach";

const TABS = [
  { id: "overview", label: "Overview", Part: Overview },
  { id: "tasks", label: "Tasks", Part: ProjectTasks },
  { id: "files", label: "Files", Part: ProjectFiles },
  { id: "artifacts", label: "Artifacts", Part: ProjectArtifacts },
  { id: "schedules", label: "Schedules", Part: ProjectSchedules },
  { id: "memories", label: "Memories", Part: ProjectMemories },
  { id: "connections", label: "Connections", Part: ProjectConnections },
  { id: "skills", label: "Skills", Part: ProjectSkills },
] as const;

export function ProjectView() {
  const { projectId } = useParams({ from: "/projects/$projectId" });
  const project = useQuery(projectQuery(projectId));
  if (project.isPending) return <Loading lines={6} />;
  if (project.isError)
    return <Failed level={1} error={project.error} onRetry={() => void project.refetch()} />;
  return <Shown key={projectId} project={project.data} />;
}

function Shown({ project }: { project: Project }) {
  const { tab = "overview" } = useSearch({ from: "/projects/$projectId" });
  const navigate = useNavigate();
  const { id, label, Part } = TABS.find((one) => one.id === tab) ?? TABS[0];
  const tabs = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow window they scroll.
    tabs.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [id]);
  return (
    <Page
      title={project.name}
      trail={<Link to="/projects">Projects</Link>}
      actions={
        <>
          <Button
            icon={<SquarePen />}
            onClick={() => void navigate({ to: "/", search: { project: project.id } })}
          >
            New task
          </Button>
          <ProjectMenu project={project} />
        </>
      }
    >
      <nav ref={tabs} className={styles.tabs} aria-label="Parts of the project">
        {TABS.map((one) => (
          <Link
            key={one.id}
            to="/projects/$projectId"
            params={{ projectId: project.id }}
            search={one.id === "overview" ? {} : { tab: one.id }}
            activeOptions={{ exact: true }}
            aria-current={one.id === id ? "page" : undefined}
          >
            {one.label}
          </Link>
        ))}
      </nav>
      <h2 className="visually-hidden">{label}</h2>
      <Part project={project} />
    </Page>
  );
}
