/** The tasks in whose title or messages words were found. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { searchQuery } from "@/api/search";
import type { SearchHit } from "@/api/types";
import { Button } from "@/components/Button";
import { Snippet } from "@/components/Snippet";
import { Empty, Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import styles from "./TasksView.module.css";

export function TaskSearch({ words, projectId }: { words: string; projectId: string | undefined }) {
  const where = projectId === undefined ? {} : { project_id: projectId };
  const titles = useInfiniteQuery(searchQuery(words, { ...where, kind: "conversation" }));
  const messages = useInfiniteQuery(searchQuery(words, { ...where, kind: "item" }));
  const failed = titles.isError ? titles : messages.isError ? messages : null;
  if (failed) return <Failed error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!titles.data || !messages.data) return <Loading lines={6} label="Searching" />;

  const [ofTitles, ofMessages] = [hitsOf(titles.data), hitsOf(messages.data)];
  if (ofTitles.length + ofMessages.length === 0) {
    return (
      <Empty icon={<SearchX />} title="Nothing found">
        No task has all of these words. Fewer or shorter words find more.
      </Empty>
    );
  }
  return (
    <div className={styles.found}>
      <Hits name="Titles" hits={ofTitles} more={titles} />
      <Hits name="Messages" hits={ofMessages} more={messages} />
    </div>
  );
}

const hitsOf = ({ pages }: { pages: { data: SearchHit[] }[] }): SearchHit[] =>
  pages.flatMap((page) => page.data);

interface HitsProps {
  name: string;
  hits: readonly SearchHit[];
  more: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

function Hits({ name, hits, more }: HitsProps) {
  if (hits.length === 0) return null;
  return (
    <section aria-label={name}>
      <h2 className={styles.heading}>{name}</h2>
      <ul className={styles.rows}>
        {hits.map((hit) => (
          <Hit key={hit.id} hit={hit} />
        ))}
      </ul>
      {more.hasNextPage && (
        <Button size="small" isBusy={more.isFetchingNextPage} onClick={() => void more.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

function Hit({ hit }: { hit: SearchHit }) {
  const isTitle = hit.kind === "conversation";
  const conversationId = isTitle ? hit.id : hit.conversation_id;
  if (conversationId === null) return null;
  return (
    <li className={styles.row}>
      <Link
        to="/tasks/$conversationId"
        params={{ conversationId }}
        search={isTitle ? {} : { item: hit.id }}
        className={styles.hit}
      >
        <span className={styles.name}>
          {isTitle ? <Snippet parts={hit.snippet} /> : hit.title || "New task"}
        </span>
        <span className={styles.time}>
          <Time at={hit.created_at} />
        </span>
        {!isTitle && (
          <span className={styles.snippet}>
            <Snippet parts={hit.snippet} />
          </span>
        )}
      </Link>
    </li>
  );
}
