/** The tasks that were told a memory. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { memoryUsesQuery } from "@/api/memories";
import { plural } from "@/components/format";
import { Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import styles from "./MemoriesView.module.css";

export function Uses({ memoryId }: { memoryId: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles.uses} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Where it was used</summary>
      {isOpen && <UsesList memoryId={memoryId} />}
    </details>
  );
}

function UsesList({ memoryId }: { memoryId: string }) {
  const uses = useQuery(memoryUsesQuery(memoryId));
  if (uses.isPending) return <Loading lines={1} />;
  if (uses.isError) return <Failed error={uses.error} onRetry={() => void uses.refetch()} isInline />;
  const { data, total } = uses.data;
  if (total === 0) return <p>Nowhere yet.</p>;
  return (
    <>
      <ul>
        {data.map((use) => (
          <li key={use.response_id}>
            <Link to="/tasks/$conversationId" params={{ conversationId: use.conversation_id }} search={{}}>
              {use.title ?? "A task"}
            </Link>{" "}
            <Time at={use.created_at} />
          </li>
        ))}
      </ul>
      {total > data.length && <p>And {plural(total - data.length, "answer")} before.</p>}
    </>
  );
}
