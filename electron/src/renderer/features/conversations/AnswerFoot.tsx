/** What can be done with an answer, and what it took. */
import { GitBranch, RotateCw } from "lucide-react";
import type { AgentResponse, Item } from "@/api/types";
import { IconButton } from "@/components/Button";
import { dollars, seconds } from "@/components/format";
import type { TurnPart } from "@/state/turn";
import { tried, useDeeds } from "./deeds";
import { CopyButton, DeedRow } from "./MessageDeeds";
import styles from "./Message.module.css";
import { canBeUndone, UndoButton } from "./UndoButton";

interface AnswerFootProps {
  responseId: string | null;
  item: Item | null;
  question: Item | null;
  parts: readonly TurnPart[];
  response: AgentResponse | null;
  cost: number | null;
  isLast: boolean;
  isBusy: boolean;
}

export function AnswerFoot(props: AnswerFootProps) {
  const { responseId, item, question, parts, response, cost, isLast, isBusy } = props;
  const deeds = useDeeds();
  const text = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
  if (parts.length === 0) return null;
  return (
    <div className={styles.foot}>
      <DeedRow isShown={isLast}>
        {text && <CopyButton text={text} />}
        {question && response?.status !== "failed" && (
          <IconButton
            label="Try again"
            icon={<RotateCw />}
            size="small"
            disabled={isBusy}
            onClick={() => tried(deeds.resend(question, question.content))}
          />
        )}
        {item && (
          <IconButton
            label="Branch from here"
            icon={<GitBranch />}
            size="small"
            disabled={isBusy}
            onClick={() => tried(deeds.branch(item))}
          />
        )}
        {responseId !== null && canBeUndone(parts) && <UndoButton responseId={responseId} isBusy={isBusy} />}
        {response && <span className={styles.took}>{took(response, cost)}</span>}
      </DeedRow>
    </div>
  );
}

function took(response: AgentResponse, cost: number | null): string {
  const { provider, created_at, finished_at } = response;
  const model = provider === "offline" ? "Built-in model" : response.model;
  const time = finished_at === null ? null : (Date.parse(finished_at) - Date.parse(created_at)) / 1000;
  return [model, time !== null && time > 0 && seconds(time), cost !== null && cost > 0 && dollars(cost)]
    .filter(Boolean)
    .join(" · ");
}
