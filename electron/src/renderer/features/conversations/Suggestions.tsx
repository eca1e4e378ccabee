/** What one could begin with, made of what is there: a table, a connection, the sample. */
import { useQuery } from "@tanstack/react-query";
import { ChartLine, Database, FlaskConical } from "lucide-react";
import type { ReactNode } from "react";
import { connectionsQuery } from "@/api/connections";
import { newestFilesQuery } from "@/api/files";
import type { Connection, FileView } from "@/api/types";
import { Button } from "@/components/Button";
import { useSampleTask } from "@/hooks/useSampleTask";
import { changeDraft, NEW, readDraft } from "@/state/draft";
import styles from "./NewTaskView.module.css";

const TABLE = /\.(csv|tsv|xlsx?|parquet|ods)$/i;

export function Suggestions({ projectId }: { projectId: string | null }) {
  const files = useQuery({ ...newestFilesQuery(projectId), enabled: projectId !== null });
  const connections = useQuery(connectionsQuery);
  const sample = useSampleTask();
  const table = projectId === null ? undefined : files.data?.data.find(({ name }) => TABLE.test(name));
  const connected = connections.data?.data.filter(({ status }) => status === "connected").slice(0, 2) ?? [];
  return (
    <ul className={styles.suggestions} aria-label="Suggestions">
      {table && (
        <Suggestion icon={<ChartLine />} words={`Summarise ${table.name}`} onPress={() => writeOf(table)} />
      )}
      {connected.map((connection) => (
        <Suggestion
          key={connection.id}
          icon={<Database />}
          words={`See what is in ${connection.name}`}
          onPress={() => writeOfConnection(connection)}
        />
      ))}
      <Suggestion
        icon={<FlaskConical />}
        words="Try it on a sample table"
        isBusy={sample.isBusy}
        onPress={sample.begin}
      />
    </ul>
  );
}

interface SuggestionProps {
  icon: ReactNode;
  words: string;
  onPress: () => void;
  isBusy?: boolean;
}

const Suggestion = ({ icon, words, onPress, isBusy = false }: SuggestionProps) => (
  <li>
    <Button icon={icon} size="small" className={styles.suggestion} isBusy={isBusy} onClick={onPress}>
      <span className={styles.words}>{words}</span>
    </Button>
  </li>
);

/** It comes with the message, and stays the project's. */
function writeOf({ id, name, size, mime_type }: FileView): void {
  const { files } = readDraft(NEW);
  const others = files.filter((file) => file.id !== id);
  changeDraft(NEW, {
    text: `Summarise ${name}: its columns, gaps and trends, with charts.`,
    files: [...others, { id, name, size, mime_type, isShared: true }],
  });
}

const writeOfConnection = ({ name }: Connection): void =>
  changeDraft(NEW, {
    text: `What is in ${name}? List its tables with their sizes, and what could be asked of them.`,
  });
