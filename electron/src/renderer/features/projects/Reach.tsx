/** Which connections a project reaches and which skills are active in it: chosen, and saved at once. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plug, Sparkles } from "lucide-react";
import { skillsQuery } from "@/api/skills";
import { connectionsQuery } from "@/api/connections";
import { projectQuery, updateProject } from "@/api/projects";
import type { Project } from "@/api/types";
import { CheckboxField } from "@/components/Field";
import { Empty, Failed, Loading } from "@/components/States";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./ProjectView.module.css";

type List = "connector_ids" | "skill_ids";

interface Choice {
  id: string;
  name: string;
  hint: string;
}

export function ProjectConnections({ project }: { project: Project }) {
  const connections = useQuery(connectionsQuery);
  if (connections.isPending) return <Loading lines={4} />;
  if (connections.isError)
    return <Failed error={connections.error} onRetry={() => void connections.refetch()} />;
  if (connections.data.total === 0) {
    return (
      <Empty icon={<Plug />} title="There is no connection yet">
        <Link to="/connectors">Connect a data source</Link>, and choose here whether this project reaches it.
      </Empty>
    );
  }
  return (
    <Choices
      project={project}
      list="connector_ids"
      legend="Tasks of this project reach the chosen connections and no other"
      choices={connections.data.data.map(({ id, name, spec_id, access }) => ({
        id,
        name,
        hint: `${spec_id}, ${access === "read" ? "read only" : "read, and write where you allow it"}`,
      }))}
    />
  );
}

export function ProjectSkills({ project }: { project: Project }) {
  const skills = useQuery(skillsQuery);
  if (skills.isPending) return <Loading lines={4} />;
  if (skills.isError) return <Failed error={skills.error} onRetry={() => void skills.refetch()} />;
  if (skills.data.total === 0) {
    return (
      <Empty icon={<Sparkles />} title="There is no skill yet">
        A skill says how a kind of work is done. <Link to="/skills">Write or import one</Link>, and make it
        active here.
      </Empty>
    );
  }
  return (
    <Choices
      project={project}
      list="skill_ids"
      legend="The chosen skills are active in all tasks of this project"
      choices={skills.data.data.map(({ id, name, description }) => ({ id, name, hint: description }))}
    />
  );
}

interface ChoicesProps {
  project: Project;
  list: List;
  legend: string;
  choices: readonly Choice[];
}

function Choices({ project, list, legend, choices }: ChoicesProps) {
  const { ids, choose } = useChoosing(project, list);
  const isChosen = new Set(ids);
  const change = async (choice: Choice, isOn: boolean) => {
    await choose(choice.id, isOn);
    toast(`“${choice.name}” is ${isOn ? "in" : "out of"} this project.`, {
      label: "Undo",
      onPress: () => void choose(choice.id, !isOn).catch(toastError),
    });
  };
  return (
    <fieldset className={styles.choices}>
      <legend className={styles.none}>{legend}</legend>
      {choices.map((choice) => (
        <CheckboxField
          key={choice.id}
          label={choice.name}
          hint={choice.hint}
          checked={isChosen.has(choice.id)}
          onChange={(event) => void change(choice, event.target.checked).catch(toastError)}
        />
      ))}
    </fieldset>
  );
}

/** Shown at once, and saved one after the other in the order in which it was pressed. */
function useChoosing(project: Project, list: List) {
  const queries = useQueryClient();
  const renew = useRenew();
  const { queryKey } = projectQuery(project.id);
  const mutationKey = ["projects", project.id, list];
  const saving = useMutation({
    mutationKey,
    scope: { id: mutationKey.join(" ") },
    mutationFn: (ids: string[]) => updateProject(project.id, { [list]: ids }),
    onSuccess: (saved) => {
      queries.setQueryData(queryKey, saved);
      renew("projects");
    },
  });
  /** What will be chosen when all that was pressed is saved. */
  const wanted = (): string[] => {
    const last = queries.getMutationCache().findAll({ mutationKey, status: "pending" }).at(-1);
    return (last?.state.variables as string[] | undefined) ?? queries.getQueryData(queryKey)?.[list] ?? [];
  };
  const choose = (id: string, isOn: boolean) => {
    const others = wanted().filter((one) => one !== id);
    return saving.mutateAsync(isOn ? [...others, id] : others);
  };
  return { ids: saving.isPending ? saving.variables : project[list], choose };
}
