/** Which memories are listed: where they hold, who made them, and words that they have. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { projectsQuery } from "@/api/projects";
import type { Memory } from "@/api/types";
import { SelectField, TextField } from "@/components/Field";
import { withoutEmpty } from "@/components/withoutEmpty";
import styles from "./MemoriesView.module.css";

const SOURCES = [
  { value: "", label: "By anybody" },
  { value: "user", label: "By you" },
  { value: "agent", label: "By the agent" },
] as const;

interface Search {
  project?: string | undefined;
  source?: Memory["source"] | undefined;
  q?: string | undefined;
}

export function Filters() {
  const { project = "", source = "", q = "" } = useSearch({ from: "/memories" });
  const projects = useQuery(projectsQuery);
  const navigate = useNavigate({ from: "/memories" });
  const show = (changed: Search) =>
    void navigate({ search: (before) => withoutEmpty({ ...before, ...changed }), replace: true });
  return (
    <div className={styles.filters} role="search">
      <TextField
        label="Search memories"
        isLabelHidden
        type="search"
        placeholder="Search memories"
        className={styles.words}
        value={q}
        onChange={(event) => show({ q: event.target.value })}
      />
      <SelectField
        label="Where they hold"
        isLabelHidden
        value={project}
        options={[
          { value: "", label: "Everywhere" },
          ...(projects.data?.data.map(({ id, name }) => ({ value: id, label: `In ${name}` })) ?? []),
        ]}
        onChange={(event) => show({ project: event.target.value })}
      />
      <SelectField
        label="Who made them"
        isLabelHidden
        value={source}
        options={SOURCES}
        onChange={({ target: { value } }) =>
          show({ source: value === "user" || value === "agent" ? value : undefined })
        }
      />
    </div>
  );
}
