/** The files of a project, and more of them. */
import { Link } from "@tanstack/react-router";
import { FileText } from "lucide-react";
import type { Project } from "@/api/types";
import { AddFilesButton, Uploads } from "@/components/AddFiles";
import { FileList } from "@/components/FileList";
import { bytes } from "@/components/format";
import { Empty } from "@/components/States";
import { useAddFiles } from "@/hooks/useAddFiles";
import styles from "./ProjectView.module.css";

export function ProjectFiles({ project }: { project: Project }) {
  const adding = useAddFiles(project.id);
  const limit = adding.largest === null ? "" : `, up to ${bytes(adding.largest)} each`;
  return (
    <>
      <div className={styles.bar}>
        <p className={styles.none}>
          All of its tasks reach these. Drop more anywhere here{limit}, or{" "}
          <Link to="/files" search={{ project: project.id }}>
            search in them
          </Link>
          .
        </p>
        <AddFilesButton adding={adding} target={project.name} />
      </div>
      <Uploads adding={adding} />
      <FileList
        projectId={project.id}
        empty={
          <Empty icon={<FileText />} title="This project has no files">
            Drop documents, tables, pictures or code here.
          </Empty>
        }
      />
    </>
  );
}
