/** What waits for the user's word, wherever it is asked, and what was decided. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Inbox } from "lucide-react";
import { approvalsQuery, pendingApprovalsQuery } from "@/api/approvals";
import { conversationQuery } from "@/api/conversations";
import type { Approval } from "@/api/types";
import { ApprovalCard } from "@/components/ApprovalCard";
import { Badge, type Tone } from "@/components/Badge";
import { Page } from "@/components/Page";
import { Empty, Failed, Loading } from "@/components/States";
import { Time } from "@/components/Time";
import styles from "./ApprovalsView.module.css";

const OUTCOMES: Record<Approval["status"], { word: string; tone: Tone }> = {
  pending: { word: "Waits", tone: "warning" },
  allowed: { word: "Allowed", tone: "good" },
  denied: { word: "Denied", tone: "danger" },
  answered: { word: "Answered", tone: "good" },
  expired: { word: "Expired", tone: "neutral" },
  cancelled: { word: "Not asked any more", tone: "neutral" },
};

export function ApprovalsView() {
  const pending = useQuery(pendingApprovalsQuery);
  return (
    <Page
      title="Approvals"
      description="What the agent asks before it acts beyond the project. A task waits until you answer."
      actions={<Link to="/settings">What is asked for</Link>}
    >
      {pending.isPending && <Loading />}
      {pending.isError && <Failed error={pending.error} onRetry={() => void pending.refetch()} />}
      {pending.data?.total === 0 && (
        <Empty icon={<Inbox />} title="Nothing waits for you">
          Questions of tasks and scheduled runs come here, too.
        </Empty>
      )}
      <ul className={styles.cards}>
        {pending.data?.data.map((approval) => (
          <li key={approval.id}>
            <TaskOf approval={approval} />
            <ApprovalCard approval={approval} />
          </li>
        ))}
      </ul>
      <Decided />
    </Page>
  );
}

function TaskOf({ approval }: { approval: Approval }) {
  const task = useQuery(conversationQuery(approval.conversation_id));
  return (
    <p className={styles.task}>
      <Link to="/tasks/$conversationId" params={{ conversationId: approval.conversation_id }}>
        {task.data?.title ?? "The task"}
      </Link>{" "}
      · <Time at={approval.created_at} />
    </p>
  );
}

function Decided() {
  const all = useQuery(approvalsQuery);
  const decided = all.data?.data.filter((approval) => approval.status !== "pending") ?? [];
  if (decided.length === 0) return null;
  return (
    <section aria-labelledby="decided" className={styles.decided}>
      <h2 id="decided">Decided</h2>
      <ul>
        {decided.map((approval) => (
          <li key={approval.id} className={styles.row}>
            <Badge tone={OUTCOMES[approval.status].tone}>{OUTCOMES[approval.status].word}</Badge>
            <Link
              to="/tasks/$conversationId"
              params={{ conversationId: approval.conversation_id }}
              className={styles.summary}
            >
              {approval.summary}
            </Link>
            <span className={styles.when}>
              <Time at={approval.decided_at ?? approval.created_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
