/** The files of all tasks and projects, and what stands in them. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { FileText } from "lucide-react";
import { useState } from "react";
import { filesQuery } from "@/api/files";
import { projectsQuery } from "@/api/projects";
import { SelectField, TextField } from "@/components/Field";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { useDebounced } from "@/hooks/useDebounced";
import { FileRow } from "./FileRow";
import styles from "./FilesView.module.css";
import { FoundInFiles } from "./FoundInFiles";

export function FilesView() {
  const { project, q = "" } = useSearch({ from: "/files" });
  const [text, setText] = useState(q);
  const navigate = useNavigate({ from: "/files" });
  const query = useDebounced(text.trim(), 200);
  const write = (words: string) => {
    setText(words);
    void navigate({ search: (before) => ({ ...before, q: words.trim() }), replace: true });
  };
  return (
    <Page
      title="Files"
      isWide
      description={
        <>
          What was attached to tasks. To add one, drop it on a <Link to="/">new task</Link> or on one that is
          open.
        </>
      }
      actions={<ProjectFilter />}
    >
      <TextField
        type="search"
        label="Search in files"
        isLabelHidden
        placeholder="Search in the text of files"
        value={text}
        maxLength={500}
        onChange={(event) => write(event.target.value)}
      />
      {query ? <FoundInFiles query={query} projectId={project} /> : <AllFiles projectId={project} />}
    </Page>
  );
}

function AllFiles({ projectId }: { projectId: string | undefined }) {
  const files = useQuery(filesQuery(projectId));
  if (files.isPending) return <Loading lines={5} />;
  if (files.isError) return <Failed error={files.error} onRetry={() => void files.refetch()} />;
  if (files.data.total === 0) {
    return (
      <Empty icon={<FileText />} title="There is no file yet">
        Documents, tables, pictures and code that you attach to a task are read at once, and found here.
      </Empty>
    );
  }
  return (
    <ul className={styles.list}>
      {files.data.data.map((file) => (
        <FileRow key={file.id} file={file} />
      ))}
    </ul>
  );
}

function ProjectFilter() {
  const { project = "" } = useSearch({ from: "/files" });
  const projects = useQuery(projectsQuery);
  const navigate = useNavigate({ from: "/files" });
  return (
    <SelectField
      label="Project"
      isLabelHidden
      value={project}
      options={[
        { value: "", label: "All projects" },
        ...(projects.data?.data.map(({ id, name }) => ({ value: id, label: name })) ?? []),
      ]}
      onChange={(event) =>
        void navigate({ search: (before) => ({ ...before, project: event.target.value }), replace: true })
      }
    />
  );
}
