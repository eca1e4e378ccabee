/** The files of all tasks and projects: added here, listed, and found by what stands in them. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { FileText } from "lucide-react";
import { projectsQuery } from "@/api/projects";
import { AddFilesButton, Uploads } from "@/components/AddFiles";
import { FileList } from "@/components/FileList";
import { SelectField } from "@/components/Field";
import { bytes } from "@/components/format";
import { Page } from "@/components/Page";
import { ProjectFilter } from "@/components/ProjectFilter";
import { SearchField } from "@/components/SearchField";
import { Empty } from "@/components/States";
import { withoutEmpty } from "@/components/withoutEmpty";
import { useAddFiles } from "@/hooks/useAddFiles";
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

function Choices({ filter }: { filter: FileFilter }) {
  const navigate = useNavigate();
  const show = (changes: { [Name in keyof FileFilter]: FileFilter[Name] | undefined }) =>
    void navigate({ to: "/files", search: withoutEmpty({ ...filter, ...changes }), replace: true });
  return (
    <>
      <SearchField
        label="Search in files"
        placeholder="Search in names and text"
        maxLength={500}
        q={filter.q ?? ""}
        onSettled={(q) => show({ q })}
      />
      <ProjectFilter project={filter.project} onChange={(project) => show({ project })} />
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
