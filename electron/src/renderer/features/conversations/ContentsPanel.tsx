/** What belongs to a task: its notebooks, artifacts, files, memories and skills, its tokens and cost. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Brain, FileText, LayoutGrid, Plus, Sparkles, SquareTerminal } from "lucide-react";
import { useCallback, useState } from "react";
import { contentsQuery, type Contents } from "@/api/contents";
import { createScratchpad } from "@/api/scratchpads";
import type { ServerEvent } from "@/api/types";
import { Button } from "@/components/Button";
import { bytes, count, dollars, plural } from "@/components/format";
import { Failed, Loading } from "@/components/States";
import { toastError } from "@/components/toast";
import { useServerEvents } from "@/hooks/live";
import styles from "./ContentsPanel.module.css";
import { Row, Section } from "./ContentsSection";

export function ContentsPanel({ conversationId }: { conversationId: string }) {
  useRenewal(conversationId);
  const contents = useQuery(contentsQuery(conversationId));
  if (contents.isPending) return <Loading lines={4} label="Loading the contents" />;
  if (contents.isError) {
    return <Failed error={contents.error} onRetry={() => void contents.refetch()} isInline />;
  }
  return (
    <div className={styles.panel}>
      <Notebooks contents={contents.data} conversationId={conversationId} />
      <Made contents={contents.data} />
      <Used contents={contents.data} />
      {!contents.data.is_complete && (
        <p className={styles.note}>There is more than is listed here: each list has the newest 100.</p>
      )}
      <Spent contents={contents.data} />
    </div>
  );
}

const LISTED = new Set(["artifact", "file", "memory", "skill", "scratchpad"]);

/** What the conversation's own events do not tell of: a file that was deleted elsewhere, say. */
function useRenewal(conversationId: string): void {
  const queries = useQueryClient();
  useServerEvents(
    useCallback(
      (event: ServerEvent) => {
        if (event.type !== "resource.changed" || !LISTED.has(event.resource)) return;
        void queries.invalidateQueries({ queryKey: contentsQuery(conversationId).queryKey });
      },
      [queries, conversationId],
    ),
  );
}

function Notebooks({ contents, conversationId }: { contents: Contents; conversationId: string }) {
  const [isBusy, setBusy] = useState(false);
  const navigate = useNavigate();
  const create = async () => {
    setBusy(true);
    try {
      const { id } = await createScratchpad({ conversation_id: conversationId, title: "Notebook" });
      await navigate({ to: "/scratchpads/$scratchpadId", params: { scratchpadId: id }, search: {} });
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Section
      name="Notebooks"
      total={contents.scratchpads.length}
      isKept
      empty="Code that the agent runs is kept in a notebook, cell by cell."
      action={
        <Button kind="ghost" size="small" icon={<Plus />} isBusy={isBusy} onClick={() => void create()}>
          New notebook
        </Button>
      }
    >
      {contents.scratchpads.map(({ id, title, cells }) => (
        <Row key={id} icon={<SquareTerminal />} note={plural(cells, "cell")}>
          <Link to="/scratchpads/$scratchpadId" params={{ scratchpadId: id }}>
            {title}
          </Link>
        </Row>
      ))}
    </Section>
  );
}

const KINDS = { app: "App", report: "Report", doc: "Document", dashboard: "Dashboard" } as const;

function Made({ contents }: { contents: Contents }) {
  return (
    <>
      <Section name="Artifacts" total={contents.artifacts.length}>
        {contents.artifacts.map(({ id, title, type }) => (
          <Row key={id} icon={<LayoutGrid />} note={KINDS[type]}>
            <Link to="/artifacts/$artifactId" params={{ artifactId: id }}>
              {title}
            </Link>
          </Row>
        ))}
      </Section>
      <Section name="Files" total={contents.files.length}>
        {contents.files.map(({ id, name, size }) => (
          <Row key={id} icon={<FileText />} note={bytes(size)}>
            <Link to="/files/$fileId" params={{ fileId: id }} title={name}>
              {name}
            </Link>
          </Row>
        ))}
      </Section>
    </>
  );
}

function Used({ contents }: { contents: Contents }) {
  return (
    <>
      <Section name="Memories" total={contents.memories.length}>
        {contents.memories.map(({ id, content }) => (
          <Row key={id} icon={<Brain />}>
            <Link to="/memories" title={content}>
              {content}
            </Link>
          </Row>
        ))}
      </Section>
      <Section name="Skills" total={contents.skills.length}>
        {contents.skills.map(({ id, name, description }) => (
          <Row key={id} icon={<Sparkles />}>
            <Link to="/skills/$skillId" params={{ skillId: id }} title={description}>
              {name}
            </Link>
          </Row>
        ))}
      </Section>
    </>
  );
}

function Spent({ contents: { usage, cost_usd } }: { contents: Contents }) {
  const written = usage.output_tokens ?? 0;
  const cached = usage.cache_read_input_tokens ?? 0;
  const read = (usage.input_tokens ?? 0) + cached + (usage.cache_creation_input_tokens ?? 0);
  if (read + written === 0) return null;
  return (
    <section className={styles.spent} aria-labelledby="spent">
      <h2 id="spent">Tokens and cost</h2>
      <dl>
        <dt>Read</dt>
        <dd>{count(read)}</dd>
        {cached > 0 && (
          <>
            <dt>of which cached</dt>
            <dd>{count(cached)}</dd>
          </>
        )}
        <dt>Written</dt>
        <dd>{count(written)}</dd>
        <dt>Cost</dt>
        <dd title="By list prices, which may be outdated">{dollars(cost_usd)}</dd>
      </dl>
    </section>
  );
}
