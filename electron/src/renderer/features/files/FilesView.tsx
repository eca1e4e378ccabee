/** The files of all tasks and projects: added here, listed, and found by what stands in them. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { FileText } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import { projectsQuery } from "@/api/projects";
import { AddFilesButton, Uploads } from "@/components/AddFiles";
import { FileList } from "@/components/FileList";
import { SelectField, TextField } from "@/components/Field";
import { bytes } from "@/components/format";
import { Page } from "@/components/Page";
import { Empty } from "@/components/States";
import { useAddFiles } from "@/hooks/useAddFiles";
import { useDebounced } from "@/hooks/useDebounced";
import styles from "./FilesView.module.css";
import { FoundInFiles } from "./FoundInFiles";

interface FileFilter {
  project?: string;
  q?: string;
  sort?: "name" | "size";
}

export function FilesView() {
  const filter = useSearch({ from: "/files" });
  const projects = useQuery(projectsQuery);
  // What is added where all are listed is for tasks that are of no project of their own.
  const target = projects.data?.data.find((one) =>
    filter.project === undefined ? one.is_general : one.id === filter.project,
  );
  const adding = useAddFiles(target?.id);
  const limit = adding.largest === null ? "" : `, up to ${bytes(adding.largest)} each`;
  return (
    <Page
      title="Files"
      isWide
      description={`Documents, tables, pictures and code. Drop them anywhere here${limit}.`}
      actions={<AddFilesButton adding={adding} target={target?.name ?? "the project"} />}
    >
      <div className={styles.filters}>
        <Words filter={filter} />
        <Choices filter={filter} />
      </div>
      <Uploads adding={adding} />
      {filter.q ? (
        <FoundInFiles query={filter.q} projectId={filter.project} />
      ) : (
        <FileList
          key={filter.project ?? ""}
          projectId={filter.project}
          order={filter.sort ?? "newest"}
          empty={
            <Empty
              icon={<FileText />}
              title={filter.project ? "This project has no files" : "There is no file yet"}
            >
              Drop files here, or press Add files. Their text is read at once, and found by the search. What
              you attach to a task is listed here too.
            </Empty>
          }
        />
      )}
    </Page>
  );
}

/** The address follows what is typed, once it stands still. */
function Words({ filter }: { filter: FileFilter }) {
  const navigate = useNavigate();
  const { q = "" } = filter;
  const [words, setWords] = useState(q);
  const settled = useDebounced(words.trim(), 200);
  const follow = useEffectEvent((to: string) => {
    if (to !== q) void navigate({ to: "/files", search: changed(filter, { q: to }), replace: true });
  });
  useEffect(() => follow(settled), [settled]);
  // A step back in the browser's history, or a link.
  const [known, setKnown] = useState(q);
  if (known !== q) {
    setKnown(q);
    if (q !== settled) setWords(q);
  }
  return (
    <TextField
      type="search"
      label="Search in files"
      isLabelHidden
      placeholder="Search in names and text"
      value={words}
      maxLength={500}
      onChange={(event) => setWords(event.target.value)}
    />
  );
}

function Choices({ filter }: { filter: FileFilter }) {
  const projects = useQuery(projectsQuery);
  const navigate = useNavigate();
  const show = (changes: FileFilter) =>
    void navigate({ to: "/files", search: changed(filter, changes), replace: true });
  return (
    <>
      <SelectField
        label="Project"
        isLabelHidden
        value={filter.project ?? ""}
        options={[
          { value: "", label: "All projects" },
          ...(projects.data?.data.map(({ id, name }) => ({ value: id, label: name })) ?? []),
        ]}
        onChange={(event) => show({ project: event.target.value })}
      />
      <SelectField
        label="Order"
        isLabelHidden
        value={filter.sort ?? ""}
        disabled={filter.q !== undefined}
        options={[
          { value: "", label: "Newest first" },
          { value: "name", label: "By name" },
          { value: "size", label: "Largest first" },
        ]}
        onChange={(event) => show({ sort: event.target.value as "name" | "size" })}
      />
    </>
  );
}

/** Without what is empty, which has no place in an address. */
const changed = (filter: FileFilter, changes: FileFilter): FileFilter =>
  Object.fromEntries(Object.entries({ ...filter, ...changes }).filter(([, value]) => value));
