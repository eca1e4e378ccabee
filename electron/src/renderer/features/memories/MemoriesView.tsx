/** What is remembered: everywhere, or in one project. */
import { useQuery } from "@tanstack/react-query";
import { Brain } from "lucide-react";
import { useState } from "react";
import { createMemory, memoriesQuery } from "@/api/memories";
import { projectsQuery } from "@/api/projects";
import type { Memory } from "@/api/types";
import { Button } from "@/components/Button";
import { SelectField, TextArea } from "@/components/Field";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./MemoriesView.module.css";
import { MemoryRow } from "./MemoryRow";

const SOURCES = [
  { value: "", label: "By anybody" },
  { value: "user", label: "By you" },
  { value: "agent", label: "By the agent" },
] as const;

export function MemoriesView() {
  const [project, setProject] = useState("");
  const [source, setSource] = useState("");
  const projects = useQuery(projectsQuery);
  const memories = useQuery(
    memoriesQuery({
      ...(project && { project_id: project }),
      ...(source && { source: source as Memory["source"] }),
    }),
  );
  return (
    <Page
      title="Memories"
      description="Facts and preferences that tasks are told at their start, where they fit."
      actions={
        <>
          <SelectField
            label="Where they hold"
            isLabelHidden
            value={project}
            options={[
              { value: "", label: "Everywhere" },
              ...(projects.data?.data.map(({ id, name }) => ({ value: id, label: name })) ?? []),
            ]}
            onChange={(event) => setProject(event.target.value)}
          />
          <SelectField
            label="Who made them"
            isLabelHidden
            value={source}
            options={SOURCES}
            onChange={(event) => setSource(event.target.value)}
          />
        </>
      }
    >
      <NewMemory projectId={project || null} />
      {memories.isPending && <Loading />}
      {memories.isError && <Failed error={memories.error} onRetry={() => void memories.refetch()} />}
      {memories.data?.total === 0 && (
        <Empty icon={<Brain />} title="Nothing is remembered here">
          Write something down above, as “Prefers executive summaries under 200 words.” The agent adds its
          own.
        </Empty>
      )}
      <ul className={styles.list}>
        {memories.data?.data.map((memory) => (
          <MemoryRow key={memory.id} memory={memory} />
        ))}
      </ul>
    </Page>
  );
}

function NewMemory({ projectId }: { projectId: string | null }) {
  const [content, setContent] = useState("");
  const renew = useRenew();
  const add = async () => {
    await createMemory(content, projectId);
    setContent("");
    renew("memories");
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void add().catch(toastError);
      }}
    >
      <TextArea
        label="Remember"
        rows={2}
        value={content}
        maxLength={200_000}
        placeholder="A fact or a preference"
        onChange={(event) => setContent(event.target.value)}
      />
      <Button kind="primary" type="submit" disabled={!content.trim()}>
        Remember it
      </Button>
    </form>
  );
}
