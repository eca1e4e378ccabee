/** What the gallery shows, kept in the address. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { SelectField, TextField } from "@/components/Field";
import { ProjectFilter } from "@/components/ProjectFilter";
import { withoutEmpty } from "@/components/withoutEmpty";
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
  const navigate = useNavigate();
  const show = (changes: Partial<Record<keyof Search, string>>) =>
    void navigate({
      to: "/artifacts",
      search: withoutEmpty({ ...search, ...changes }) as Search,
      replace: true,
    });
  return (
    <search className={styles.filters}>
      <Words q={search.q ?? ""} onChange={(q) => show({ q })} />
      <ProjectFilter project={search.project} onChange={(project) => show({ project: project ?? "" })} />
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
