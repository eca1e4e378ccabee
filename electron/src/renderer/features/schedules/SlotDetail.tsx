/** Why a slot became what it did, and where to read on. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { explanationQuery } from "@/api/schedules";
import type { ScheduleRun } from "@/api/types";
import { Badge } from "@/components/Badge";
import { count, dollars, plural, seconds } from "@/components/format";
import styles from "./SlotDetail.module.css";
import { secondsOf, slotKind, SLOTS, tokensOf } from "./slots";
import { tabId } from "./SlotStrip";
import { ClockTime } from "./times";

interface SlotDetailProps {
  id: string;
  run: ScheduleRun;
  zone: string;
  /** Shows another of the strip. */
  onShow: (runId: string) => void;
}

export function SlotDetail({ id, run, zone, onShow }: SlotDetailProps) {
  const { words, tone } = SLOTS[slotKind(run)];
  return (
    // What is in it can be long without anything to press: the focus has to get there.
    <div id={id} role="tabpanel" aria-labelledby={tabId(run.id)} tabIndex={0} className={styles.detail}>
      <p className={styles.head}>
        <strong>
          <ClockTime at={run.scheduled_for} zone={zone} />
        </strong>
        <Badge tone={tone}>{words}</Badge>
        <Facts run={run} />
      </p>
      <Why run={run} />
      {run.scheduled_until !== null && (
        <p>
          It stands for {plural(run.slots, "time")} up to <ClockTime at={run.scheduled_until} zone={zone} />.
        </p>
      )}
      <p className={styles.links}>
        {run.conversation_id !== null && <TaskLink id={run.conversation_id} />}
        {run.caught_up_by !== null && <CaughtUp by={run.caught_up_by} onShow={onShow} />}
      </p>
    </div>
  );
}

export const TaskLink = ({ id }: { id: string }) => (
  <Link to="/tasks/$conversationId" params={{ conversationId: id }}>
    Open the task
  </Link>
);

const CaughtUp = ({ by, onShow }: { by: string; onShow: (runId: string) => void }) => (
  <button
    type="button"
    className={styles.link}
    onClick={() => {
      onShow(by);
      document.getElementById(tabId(by))?.focus();
    }}
  >
    The run that stands for it
  </button>
);

/** In the server's words; they are of a minute, in which more than one can have begun. */
function Why({ run }: { run: ScheduleRun }) {
  const asked = useQuery(explanationQuery(run.schedule_id, run.scheduled_for));
  const told = asked.data?.run?.id === run.id ? asked.data.words : null;
  const why = told ?? run.error?.message;
  return why ? <p className={styles.why}>{why}</p> : null;
}

function Facts({ run }: { run: ScheduleRun }) {
  const took = secondsOf(run);
  const tokens = tokensOf(run);
  const facts = [
    took === null ? null : seconds(took),
    tokens > 0 ? `${count(tokens)} tokens` : null,
    tokens > 0 && run.cost_usd !== null ? dollars(run.cost_usd) : null,
    run.model !== null && run.provider !== "offline" ? run.model : null,
  ].filter((fact) => fact !== null);
  return <span className={styles.facts}>{facts.join(" · ")}</span>;
}
