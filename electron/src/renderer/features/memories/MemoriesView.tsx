/** What is remembered: everywhere, or in one project. */
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Brain } from "lucide-react";
import { useRef } from "react";
import { memoriesQuery } from "@/api/memories";
import { projectsQuery } from "@/api/projects";
import type { Memory } from "@/api/types";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { Filters } from "./Filters";
import { found } from "./found";
import styles from "./MemoriesView.module.css";
import { MemoryRow } from "./MemoryRow";
import { NewMemory } from "./NewMemory";

export function MemoriesView() {
  const { project, source, q = "" } = useSearch({ from: "/memories" });
  const memories = useQuery(
    memoriesQuery({ ...(project && { project_id: project }), ...(source && { source }) }),
  );
  const projects = useQuery(projectsQuery);
  const name = projects.data?.data.find(({ id }) => id === project)?.name;
  return (
    <Page
      title="Memories"
      description="Facts and preferences that tasks are told at their start, where they fit."
    >
      <Filters />
      <NewMemory key={project ?? ""} projectId={project ?? null} projectName={name ?? "the project"} />
      {memories.isPending && <Loading />}
      {memories.isError && <Failed error={memories.error} onRetry={() => void memories.refetch()} />}
      {memories.data && (
        <Found all={memories.data.data} words={q} isFiltered={source !== undefined || q !== ""} />
      )}
    </Page>
  );
}

interface FoundProps {
  all: readonly Memory[];
  words: string;
  isFiltered: boolean;
}

function Found({ all, words, isFiltered }: FoundProps) {
  const list = useRef<HTMLUListElement>(null);
  const shown = found(all, words);
  return (
    <>
      {shown.length === 0 && (isFiltered ? <NothingFits /> : <NoneYet />)}
      <ul ref={list} className={styles.list} aria-label="Memories" tabIndex={-1}>
        {shown.map((memory) => (
          <MemoryRow key={memory.id} memory={memory} onGone={() => list.current?.focus()} />
        ))}
      </ul>
    </>
  );
}

const NothingFits = () => (
  <Empty icon={<Brain />} title="Nothing fits">
    Nothing that is remembered here has these words and this source.
  </Empty>
);

const NoneYet = () => (
  <Empty icon={<Brain />} title="Nothing is remembered here">
    Write something down above, as “Prefers executive summaries under 200 words.” The agent adds its own.
  </Empty>
);
