/** One task: its head, its messages, where one writes, and beside them what belongs to it. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { conversationQuery } from "@/api/conversations";
import { ApiError } from "@/api/client";
import type { Conversation } from "@/api/types";
import { useTitle } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { useVisible } from "@/hooks/useVisible";
import { markSeen, useUnseen } from "@/state/unseen";
import { Composer } from "./Composer";
import { ContentsAside } from "./ContentsAside";
import styles from "./ConversationView.module.css";
import { DeedsContext, useConversationDeeds } from "./deeds";
import { TaskHeader } from "./TaskHeader";
import { Thread } from "./Thread";
import { TurnState } from "./TurnState";
import { useContentsOpen } from "./useContentsOpen";
import { useConversation } from "./useConversation";

export function ConversationView() {
  const { conversationId } = useParams({ from: "/tasks/$conversationId" });
  const task = useQuery(conversationQuery(conversationId));
  useSeen(conversationId);
  if (task.isError) return <NoTask error={task.error} onRetry={() => void task.refetch()} />;
  // Nothing of one task is shown in another one.
  return task.data ? (
    <Task key={conversationId} task={task.data} />
  ) : (
    <Loading lines={6} label="Loading the task" />
  );
}

function NoTask({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const isGone = error instanceof ApiError && error.status === 404;
  useTitle(isGone ? "No such task" : "Task");
  if (!isGone) return <Failed level={1} error={error} onRetry={onRetry} />;
  return (
    <Empty level={1} title="This task is not here any more">
      It was deleted, or the link is wrong. <Link to="/tasks">See all tasks</Link>, or{" "}
      <Link to="/" search={{}}>
        begin a new one
      </Link>
      .
    </Empty>
  );
}

function Task({ task }: { task: Conversation }) {
  const { item: shownItem } = useSearch({ from: "/tasks/$conversationId" });
  const { items, rows, turns, running } = useConversation(task.id);
  const [begunHere, setBegunHere] = useState<string | null>(null);
  const deeds = useConversationDeeds(task.id, setBegunHere);
  const contents = useContentsOpen();
  const older = {
    has: items.hasNextPage,
    isLoading: items.isFetchingNextPage,
    load: () => void items.fetchNextPage(),
  };
  return (
    <DeedsContext value={deeds}>
      <div className={styles.view}>
        <div className={styles.main}>
          <TaskHeader
            task={task}
            isContentsOpen={contents.isOpen}
            onToggleContents={() => contents.setOpen(!contents.isOpen)}
          />
          {items.isPending && <Placeholder />}
          {items.isError && !items.data && (
            <Failed error={items.error} onRetry={() => void items.refetch()} />
          )}
          {items.data && rows.length === 0 && (
            <Empty title="Nothing has been said yet">Write below what is to be done.</Empty>
          )}
          {items.data && rows.length > 0 && (
            <Thread
              rows={rows}
              turns={turns}
              isBusy={running !== null}
              older={older}
              shownItem={shownItem}
              begunHere={begunHere}
            />
          )}
          <TurnState turn={turns.at(-1) ?? null} />
          <div className={styles.composer}>
            <Composer
              conversationId={task.id}
              projectId={task.project_id}
              runningResponseId={running?.id ?? null}
              onSent={setBegunHere}
            />
          </div>
        </div>
        <ContentsAside
          conversationId={task.id}
          isDrawer={contents.isDrawer}
          isOpen={contents.isOpen}
          onClose={() => contents.setOpen(false)}
        />
      </div>
    </DeedsContext>
  );
}

const Placeholder = () => (
  <div className={styles.loading}>
    <Loading lines={6} label="Loading the messages" />
  </div>
);

/** A turn that ends while one looks at it is seen. */
function useSeen(conversationId: string): void {
  const isUnseen = useUnseen().has(conversationId);
  const isVisible = useVisible();
  useEffect(() => {
    if (isUnseen && isVisible) markSeen(conversationId);
  }, [conversationId, isUnseen, isVisible]);
}
