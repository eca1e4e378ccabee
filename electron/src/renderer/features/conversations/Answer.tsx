/** An answer of the agent's, as it comes and as it is stored: prose, steps, artifacts, and how it ended. */
import { useQuery } from "@tanstack/react-query";
import { memo, useSyncExternalStore } from "react";
import { endedTurnQuery } from "@/api/items";
import type { Approval, Item, TurnError } from "@/api/types";
import { Markdown } from "@/components/Markdown";
import type { Compaction, TurnPart } from "@/state/turn";
import { AnswerFoot } from "./AnswerFoot";
import { toBlocks } from "./blocks";
import { tried, useDeeds } from "./deeds";
import styles from "./Message.module.css";
import { OfflineNote } from "./OfflineNote";
import { Steps } from "./Steps";
import { TurnFailed } from "./TurnFailed";
import { TurnTail } from "./TurnTail";
import type { TurnStore } from "./turnStore";

interface AnswerProps {
  /** Null of what a branch took over. */
  responseId: string | null;
  /** Null while it is not stored, and where nothing came. */
  item: Item | null;
  question: Item | null;
  /** Of a turn that this window has followed. */
  turn: TurnStore | null;
  isLast: boolean;
  /** A turn runs in the task. */
  isBusy: boolean;
}

const NO_PARTS: readonly TurnPart[] = [];
const NO_APPROVALS: readonly Approval[] = [];
const NO_COMPACTIONS: readonly Compaction[] = [];

export const Answer = memo(function Answer(props: AnswerProps) {
  const { item, responseId, turn } = props;
  const state = useSyncExternalStore(turn?.subscribe ?? never, () => turn?.get() ?? null);
  const isRunning = state?.status === "running";
  const ended = useQuery({
    ...endedTurnQuery(responseId ?? ""),
    enabled: responseId !== null && !isRunning,
  });
  const parts = state?.parts ?? item?.parts ?? NO_PARTS;
  const response = ended.data ?? state?.response ?? null;
  return (
    <div className={styles.answer}>
      <Parts
        parts={parts}
        approvals={state?.approvals ?? NO_APPROVALS}
        compactions={state?.compactions ?? NO_COMPACTIONS}
        isRunning={isRunning}
      />
      {state && isRunning && <TurnTail state={state} />}
      {!isRunning && response?.status === "failed" && response.error && (
        <Failure {...props} error={response.error} />
      )}
      {!isRunning && (
        <AnswerFoot {...props} parts={parts} response={response} cost={ended.data?.cost_usd ?? null} />
      )}
      {!isRunning && props.isLast && response?.provider === "offline" && <OfflineNote />}
    </div>
  );
});

const never = () => () => undefined;

interface PartsProps {
  parts: readonly TurnPart[];
  approvals: readonly Approval[];
  compactions: readonly Compaction[];
  isRunning: boolean;
}

/** Only what an event has touched is rendered anew: all below it is memoised by its parts. */
function Parts({ parts, approvals, compactions, isRunning }: PartsProps) {
  const blocks = toBlocks(parts, compactions);
  const hasArtifact = parts.some((part) => part.type === "artifact");
  return blocks.map((block, n) => {
    const isAtWork = isRunning && n === blocks.length - 1;
    return block.kind === "prose" ? (
      <Markdown key={block.index} text={block.part.text} isStreaming={isAtWork} />
    ) : (
      <Steps
        key={block.index}
        activity={block}
        isCurrent={isAtWork}
        showsPictures={!hasArtifact}
        approvals={approvals}
      />
    );
  });
}

function Failure({ question, isLast, isBusy, error }: AnswerProps & { error: TurnError }) {
  const deeds = useDeeds();
  const canSend = isLast && !isBusy;
  return (
    <TurnFailed
      error={error}
      onRetry={canSend && question ? () => tried(deeds.resend(question, question.content)) : null}
      onGoOn={canSend ? () => tried(deeds.goOn()) : null}
    />
  );
}
