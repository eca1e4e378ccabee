/** Files in rows: what they are, whose, what has become of their text, and what can be done with them. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef, useState, type ReactNode } from "react";
import { filesQuery } from "@/api/files";
import type { FileView } from "@/api/types";
import { Button } from "./Button";
import { classes } from "./classes";
import { fileKind } from "./fileKind";
import styles from "./FileList.module.css";
import { FileMenu } from "./FileMenu";
import { FileOwners } from "./FileOwners";
import { FileStatus } from "./FileStatus";
import { bytes } from "./format";
import { Failed, Loading } from "./States";
import { Time } from "./Time";

export type FileOrder = "newest" | "name" | "size";

const STEP = 100;

interface FileListProps {
  projectId?: string | undefined;
  order?: FileOrder;
  /** What is said where there is none. */
  empty: ReactNode;
}

export function FileList({ projectId, order = "newest", empty }: FileListProps) {
  const files = useQuery(filesQuery(projectId));
  const [most, setMost] = useState(STEP);
  const list = useRef<HTMLUListElement>(null);
  if (files.isPending) return <Loading lines={5} label="Loading files" />;
  if (files.isError) return <Failed error={files.error} onRetry={() => void files.refetch()} />;
  if (files.data.length === 0) return empty;
  const listed = ordered(files.data, order).slice(0, most);
  const focusNear = (n: number) => {
    const rows = list.current?.children;
    const near = rows?.item(n + 1) ?? rows?.item(n - 1);
    (near?.querySelector("a") ?? list.current)?.focus();
  };
  return (
    <>
      <ul ref={list} className={styles.list} aria-label="Files" tabIndex={-1}>
        {listed.map((file, n) => (
          <FileRow
            key={file.id}
            file={file}
            isOfProject={projectId !== undefined}
            onDeleted={() => focusNear(n)}
          />
        ))}
      </ul>
      {files.data.length > most && (
        <Button onClick={() => setMost(most + STEP)}>
          Show more of {files.data.length.toLocaleString()} files
        </Button>
      )}
    </>
  );
}

function ordered(files: readonly FileView[], order: FileOrder): readonly FileView[] {
  if (order === "newest") return files;
  const names = new Intl.Collator(undefined, { numeric: true });
  return files.toSorted((one, other) =>
    order === "size" ? other.size - one.size : names.compare(one.name, other.name),
  );
}

interface FileRowProps {
  file: FileView;
  isOfProject: boolean;
  onDeleted: () => void;
}

function FileRow({ file, isOfProject, onDeleted }: FileRowProps) {
  const { words, Icon } = fileKind(file.mime_type);
  return (
    <li className={classes(styles.row, isOfProject && styles.ofProject)}>
      <span className={styles.icon} title={words}>
        <Icon aria-hidden />
      </span>
      <span className={styles.name}>
        <Link to="/files/$fileId" params={{ fileId: file.id }} title={file.name}>
          {file.name}
        </Link>
        {isOfProject && file.conversation_id !== null && (
          <span className={styles.owners}>
            <FileOwners file={file} isProjectHidden />
          </span>
        )}
        {file.text_error !== null && <span className={styles.fault}>{file.text_error}</span>}
      </span>
      {!isOfProject && (
        <span className={styles.owners}>
          <FileOwners file={file} />
        </span>
      )}
      <span className={styles.status}>
        <FileStatus file={file} />
      </span>
      <span className={styles.size}>{bytes(file.size)}</span>
      <span className={styles.time}>
        <Time at={file.created_at} />
      </span>
      <FileMenu file={file} onDeleted={onDeleted} />
    </li>
  );
}
