/** The gallery: what the agent has made, each as it looks now. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { LayoutGrid, SearchX } from "lucide-react";
import { useRef } from "react";
import { artifactsQuery } from "@/api/artifacts";
import { projectsQuery } from "@/api/projects";
import { Button } from "@/components/Button";
import { plural } from "@/components/format";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { ArtifactCard } from "./ArtifactCard";
import styles from "./ArtifactsView.module.css";
import { Filters } from "./Filters";
import { found, isType } from "./found";

export function ArtifactsView() {
  const search = useSearch({ from: "/artifacts" });
  const { project, type } = search;
  const artifacts = useQuery(
    artifactsQuery({ ...(project && { project_id: project }), ...(isType(type) && { type }) }),
  );
  const projects = useQuery(projectsQuery);
  const filters = useRef<HTMLDivElement>(null);
  const shown = artifacts.data ? found(artifacts.data.data, search) : [];
  const nameOf = (id: string) =>
    project === undefined ? projects.data?.data.find((one) => one.id === id)?.name : undefined;
  const isFiltered = [project, type, search.q].some((one) => one !== undefined);
  return (
    <Page
      title="Artifacts"
      isWide
      description="Reports, dashboards, documents and small apps that tasks have made. They keep their state."
    >
      <div ref={filters}>
        <Filters />
      </div>
      {artifacts.isPending && <Loading lines={6} />}
      {artifacts.isError && !artifacts.data && (
        <Failed error={artifacts.error} onRetry={() => void artifacts.refetch()} />
      )}
      {artifacts.data && (
        <p role="status" className={styles.count}>
          {shown.length > 0 && plural(shown.length, "artifact")}
          {artifacts.data.has_more && " among the newest 1,000"}
        </p>
      )}
      {artifacts.data && shown.length === 0 && (
        <Nothing isFiltered={isFiltered} onAll={() => filters.current?.querySelector("input")?.focus()} />
      )}
      <ul className={styles.gallery} aria-label="Artifacts" hidden={shown.length === 0}>
        {shown.map((artifact) => (
          <ArtifactCard key={artifact.id} artifact={artifact} project={nameOf(artifact.project_id)} />
        ))}
      </ul>
    </Page>
  );
}

function Nothing({ isFiltered, onAll }: { isFiltered: boolean; onAll: () => void }) {
  const navigate = useNavigate();
  if (!isFiltered) {
    return (
      <Empty
        icon={<LayoutGrid />}
        title="Nothing has been made yet"
        action={
          <Link to="/" search={{}}>
            Begin a task
          </Link>
        }
      >
        Ask a task for a report, a dashboard or a small app; it will be here.
      </Empty>
    );
  }
  const showAll = async () => {
    onAll();
    await navigate({ to: "/artifacts", search: {} });
  };
  return (
    <Empty
      icon={<SearchX />}
      title="Nothing fits"
      action={<Button onClick={() => void showAll()}>Show all</Button>}
    >
      There is no artifact of this project and kind with these words in its title.
    </Empty>
  );
}
