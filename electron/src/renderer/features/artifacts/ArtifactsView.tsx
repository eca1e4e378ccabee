/** The gallery: what the agent has made, each as it looks now. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { LayoutGrid } from "lucide-react";
import { artifactsQuery } from "@/api/artifacts";
import { projectsQuery } from "@/api/projects";
import type { Artifact, ArtifactType } from "@/api/types";
import { SelectField } from "@/components/Field";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import styles from "./ArtifactsView.module.css";
import { Thumbnail } from "./Thumbnail";
import { TYPES } from "./types";

const isType = (text: string | undefined): text is ArtifactType => text !== undefined && text in TYPES;

export function ArtifactsView() {
  const { project, type } = useSearch({ from: "/artifacts" });
  const artifacts = useQuery(
    artifactsQuery({ ...(project && { project_id: project }), ...(isType(type) && { type }) }),
  );
  return (
    <Page
      title="Artifacts"
      isWide
      description="Reports, dashboards, documents and small apps that tasks have made. They keep their state."
      actions={<Filters />}
    >
      {artifacts.isPending && <Loading lines={6} />}
      {artifacts.isError && <Failed error={artifacts.error} onRetry={() => void artifacts.refetch()} />}
      {artifacts.data?.total === 0 && (
        <Empty icon={<LayoutGrid />} title={project || type ? "Nothing fits" : "Nothing has been made yet"}>
          {project || type
            ? "There is no artifact of this project and kind."
            : "Ask a task for a report, a dashboard or a small app; it will be here."}
        </Empty>
      )}
      <ul className={styles.gallery}>
        {artifacts.data?.data.map((artifact) => (
          <Card key={artifact.id} artifact={artifact} />
        ))}
      </ul>
    </Page>
  );
}

const Card = ({ artifact }: { artifact: Artifact }) => (
  <li>
    <Link to="/artifacts/$artifactId" params={{ artifactId: artifact.id }} className={styles.card}>
      <Thumbnail artifact={artifact} />
      <span className={styles.title}>{artifact.title}</span>
      <span className={styles.facts}>
        {TYPES[artifact.type]} · <Time at={artifact.updated_at} />
      </span>
    </Link>
  </li>
);

function Filters() {
  const { project = "", type = "" } = useSearch({ from: "/artifacts" });
  const projects = useQuery(projectsQuery);
  const navigate = useNavigate({ from: "/artifacts" });
  const show = (search: { project?: string; type?: string }) =>
    void navigate({ search: (before) => ({ ...before, ...search }), replace: true });
  return (
    <>
      <SelectField
        label="Project"
        isLabelHidden
        value={project}
        options={[
          { value: "", label: "All projects" },
          ...(projects.data?.data.map(({ id, name }) => ({ value: id, label: name })) ?? []),
        ]}
        onChange={(event) => show({ project: event.target.value })}
      />
      <SelectField
        label="Kind"
        isLabelHidden
        value={type}
        options={[
          { value: "", label: "All kinds" },
          ...Object.entries(TYPES).map(([value, label]) => ({ value, label })),
        ]}
        onChange={(event) => show({ type: event.target.value })}
      />
    </>
  );
}
