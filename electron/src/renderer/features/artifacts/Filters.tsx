/** What the gallery shows, kept in the address. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { projectsQuery } from "@/api/projects";
import { SelectField, TextField } from "@/components/Field";
import styles from "./ArtifactsView.module.css";
import { TYPES } from "./types";

interface Search {
  project?: string;
  type?: string;
  q?: string;
  sort?: "title";
}

export function Filters() {
  const search = useSearch({ from: "/artifacts" });
  const projects = useQuery(projectsQuery);
  const navigate = useNavigate();
  const show = (changes: Partial<Record<keyof Search, string>>) =>
    void navigate({ to: "/artifacts", search: changed(search, changes), replace: true });
  return (
    <search className={styles.filters}>
      <Words q={search.q ?? ""} onChange={(q) => show({ q })} />
      <SelectField
        label="Project"
        isLabelHidden
        value={search.project ?? ""}
        options={[
          { value: "", label: "All projects" },
          ...(projects.data?.data.map(({ id, name }) => ({ value: id, label: name })) ?? []),
        ]}
        onChange={(event) => show({ project: event.target.value })}
      />
      <SelectField
        label="Kind"
        isLabelHidden
        value={search.type ?? ""}
        options={[
          { value: "", label: "All kinds" },
          ...Object.entries(TYPES).map(([value, label]) => ({ value, label })),
        ]}
        onChange={(event) => show({ type: event.target.value })}
      />
      <SelectField
        label="Order"
        isLabelHidden
        value={search.sort ?? ""}
        options={[
          { value: "", label: "Saved last first" },
          { value: "title", label: "By title" },
        ]}
        onChange={(event) => show({ sort: event.target.value })}
      />
    </search>
  );
}

/** What is typed is there at once; the address follows. */
function Words({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const [words, setWords] = useState(q);
  const [known, setKnown] = useState(q);
  if (known !== q) {
    setKnown(q);
    // A step back in the browser's history, or a link: not the echo of what was typed.
    if (q !== words.trim()) setWords(q);
  }
  return (
    <TextField
      type="search"
      label="Search in titles"
      isLabelHidden
      placeholder="Search in titles"
      value={words}
      maxLength={200}
      onChange={(event) => {
        setWords(event.target.value);
        onChange(event.target.value.trim());
      }}
    />
  );
}

/** Without what is empty, which has no place in an address. */
const changed = (search: Search, changes: Partial<Record<keyof Search, string>>): Search =>
  Object.fromEntries(Object.entries({ ...search, ...changes }).filter(([, value]) => value));
