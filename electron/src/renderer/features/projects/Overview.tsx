/** What a project is for, which model works in it, and how much is in it. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Pencil } from "lucide-react";
import { useState } from "react";
import { artifactsQuery } from "@/api/artifacts";
import { modelsQuery } from "@/api/models";
import { conversationsQuery } from "@/api/conversations";
import { filesQuery } from "@/api/files";
import { memoriesQuery } from "@/api/memories";
import { projectQuery, updateProject } from "@/api/projects";
import { schedulesQuery } from "@/api/schedules";
import type { Project } from "@/api/types";
import { Button } from "@/components/Button";
import { SelectField } from "@/components/Field";
import { plural } from "@/components/format";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import { EditProject } from "./ProjectMenu";
import styles from "./ProjectView.module.css";

export const Overview = ({ project }: { project: Project }) => (
  <div className={styles.overview}>
    <Description project={project} />
    <Contents project={project} />
    <Model project={project} />
  </div>
);

function Description({ project }: { project: Project }) {
  const [isEditing, setEditing] = useState(false);
  return (
    <div className={styles.part}>
      <p className={project.description ? styles.words : styles.none}>
        {project.description ||
          (project.is_general ? "What belongs to no other project." : "No description yet.")}
      </p>
      <Button kind="ghost" size="small" icon={<Pencil />} onClick={() => setEditing(true)}>
        Edit
      </Button>
      {isEditing && <EditProject project={project} onClose={() => setEditing(false)} />}
    </div>
  );
}

function Contents({ project: { id, connector_ids, skill_ids } }: { project: Project }) {
  const tasks = useInfiniteQuery(conversationsQuery({ status: "active", project_id: id }));
  const files = useQuery(filesQuery(id));
  const artifacts = useQuery(artifactsQuery({ project_id: id }));
  const schedules = useQuery(schedulesQuery({ project_id: id }));
  const memories = useQuery(memoriesQuery({ project_id: id }));
  const counts: [tab: string, count: number | undefined, one: string, many?: string][] = [
    ["tasks", tasks.data?.pages[0]?.total, "task"],
    ["files", files.data?.length, "file"],
    ["artifacts", artifacts.data?.total, "artifact"],
    ["schedules", schedules.data?.total, "schedule"],
    ["memories", memories.data?.total, "memory", "memories"],
    ["connections", connector_ids.length, "connection"],
    ["skills", skill_ids.length, "skill"],
  ];
  return (
    <ul className={styles.counts} aria-label="What is in it">
      {counts.map(([tab, count, one, many]) => (
        <li key={tab}>
          <Link to="/projects/$projectId" params={{ projectId: id }} search={{ tab }}>
            {count === undefined ? "…" : plural(count, one, many)}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Model({ project }: { project: Project }) {
  const models = useQuery(modelsQuery);
  const queries = useQueryClient();
  const renew = useRenew();
  const offered = models.data?.data ?? [];
  const usual = offered.find(({ is_default }) => is_default)?.name;
  const { model } = project;
  const choose = async (chosen: string | null) => {
    queries.setQueryData(
      projectQuery(project.id).queryKey,
      await updateProject(project.id, { model: chosen }),
    );
    renew("projects");
  };
  const change = async (chosen: string | null) => {
    await choose(chosen);
    toast("New messages in this project go to another model.", {
      label: "Undo",
      onPress: () => void choose(model).catch(toastError),
    });
  };
  return (
    <div className={styles.model}>
      <SelectField
        label="Model"
        hint="For its tasks and schedules; a message may choose another."
        value={model ?? ""}
        options={[
          { value: "", label: usual ? `As in the settings (${usual})` : "As in the settings" },
          ...offered.map(({ id, name }) => ({ value: id, label: name })),
          // One that is not offered any more, or never was.
          ...(model !== null && offered.every(({ id }) => id !== model)
            ? [{ value: model, label: model }]
            : []),
        ]}
        onChange={(event) => void change(event.target.value || null).catch(toastError)}
      />
    </div>
  );
}
