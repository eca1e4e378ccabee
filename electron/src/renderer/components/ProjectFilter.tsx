/** Of which project things are listed; of all where none is chosen. */
import { useQuery } from "@tanstack/react-query";
import { projectsQuery } from "@/api/projects";
import { SelectField } from "./Field";

interface ProjectFilterProps {
  project: string | undefined;
  onChange: (project: string | undefined) => void;
}

export function ProjectFilter({ project, onChange }: ProjectFilterProps) {
  const projects = useQuery(projectsQuery);
  return (
    <SelectField
      label="Project"
      isLabelHidden
      value={project ?? ""}
      options={[
        { value: "", label: "All projects" },
        ...(projects.data?.data.map(({ id, name }) => ({ value: id, label: name })) ?? []),
      ]}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  );
}
