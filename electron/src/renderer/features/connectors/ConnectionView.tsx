/** One connection: how it is, what is in it, who reaches it, and its changes. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { connectionQuery, deleteConnection, specQuery } from "@/api/connections";
import { projectsQuery } from "@/api/projects";
import type { Connection, Project } from "@/api/types";
import { Button } from "@/components/Button";
import { useConfirm } from "@/components/Confirm";
import { Page } from "@/components/Page";
import { Failed, Loading } from "@/components/States";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import { CatalogSection } from "./CatalogSection";
import { ConnectionState } from "./ConnectionState";
import styles from "./ConnectionView.module.css";
import { EditConnection } from "./EditConnection";
import { ToolsSection } from "./ToolsSection";

export function ConnectionView() {
  const { connectionId } = useParams({ from: "/connectors/$connectionId" });
  const connection = useQuery(connectionQuery(connectionId));
  const trail = <Link to="/connectors">Connectors</Link>;
  if (connection.isError) {
    return (
      <Page title="Connection" trail={trail}>
        <Failed error={connection.error} onRetry={() => void connection.refetch()} />
      </Page>
    );
  }
  if (!connection.data) {
    return (
      <Page title="Connection" trail={trail}>
        <Loading lines={4} />
      </Page>
    );
  }
  return <Shown key={connectionId} connection={connection.data} />;
}

function Shown({ connection }: { connection: Connection }) {
  const spec = useQuery(specQuery(connection.spec_id));
  const [isEditing, setEditing] = useState(false);
  const edit = useRef<HTMLButtonElement>(null);
  const isServer = spec.data?.use === "mcp";
  return (
    <Page
      title={connection.name}
      description={spec.data?.name ?? connection.spec_id}
      trail={<Link to="/connectors">Connectors</Link>}
      actions={<DeleteButton connection={connection} />}
    >
      <div className={styles.sections}>
        <ConnectionState connection={connection}>
          <Button ref={edit} aria-expanded={isEditing} onClick={() => setEditing(!isEditing)}>
            Edit
          </Button>
        </ConnectionState>
        {spec.isError && <Failed error={spec.error} onRetry={() => void spec.refetch()} isInline />}
        {isEditing && spec.data && (
          <EditConnection
            connection={connection}
            spec={spec.data}
            onClose={() => {
              setEditing(false);
              edit.current?.focus();
            }}
          />
        )}
        <Reach connectionId={connection.id} />
        {isServer && <ToolsSection connectionId={connection.id} />}
        {spec.data && !isServer && spec.data.use !== "email" && <CatalogSection connection={connection} />}
      </div>
    </Page>
  );
}

function Reach({ connectionId }: { connectionId: string }) {
  const projects = useQuery(projectsQuery);
  const reaching = projects.data ? projectsWith(projects.data.data, connectionId) : [];
  return (
    <section aria-labelledby="reach">
      <h2 id="reach">Who reaches it</h2>
      <p className={styles.muted}>
        Tasks without a project do.{" "}
        {reaching.length > 0 ? "So do these projects:" : projects.data && "No project does."}
      </p>
      {projects.isError && <Failed error={projects.error} onRetry={() => void projects.refetch()} isInline />}
      <ul className={styles.projects}>
        {reaching.map((project) => (
          <li key={project.id}>
            <Link to="/projects/$projectId" params={{ projectId: project.id }}>
              {project.name}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

const projectsWith = (projects: readonly Project[], connectionId: string): Project[] =>
  projects.filter((project) => project.connector_ids.includes(connectionId));

function DeleteButton({ connection }: { connection: Connection }) {
  const projects = useQuery(projectsQuery);
  const confirm = useConfirm();
  const navigate = useNavigate();
  const renew = useRenew();
  const remove = async () => {
    const losing = projectsWith(projects.data?.data ?? [], connection.id).map(({ name }) => name);
    const isSure = await confirm({
      title: `Delete “${connection.name}”?`,
      description: `Its credentials are deleted too. ${
        losing.length > 0 ? `These projects lose it: ${losing.join(", ")}.` : "No project uses it."
      }`,
      action: "Delete",
    });
    if (!isSure) return;
    await deleteConnection(connection.id);
    await navigate({ to: "/connectors" });
    renew("connections", "projects");
    toast(`“${connection.name}” is deleted.`);
  };
  return (
    <Button
      kind="danger"
      icon={<Trash2 />}
      disabled={projects.isPending}
      onClick={() => void remove().catch(toastError)}
    >
      Delete
    </Button>
  );
}
