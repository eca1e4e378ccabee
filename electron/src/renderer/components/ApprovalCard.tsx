/** What the agent asks before it goes on: a call to allow or deny, or a question to answer. */
import { CircleHelp, ShieldQuestion } from "lucide-react";
import { useEffect, useId, useRef, useState, type ReactNode, type SubmitEvent } from "react";
import { answerApproval } from "@/api/approvals";
import { ApiError } from "@/api/client";
import type { Approval, ApprovalAnswer } from "@/api/types";
import { Button } from "@/components/Button";
import { CodeBlock } from "@/components/CodeBlock";
import { TextField } from "@/components/Field";
import { Time } from "@/components/Time";
import { toast, toastError } from "@/components/toast";
import { useRenew } from "@/hooks/useRenew";
import styles from "./ApprovalCard.module.css";

export function ApprovalCard({ approval }: { approval: Approval }) {
  const { answer, isBusy } = useAnswer(approval);
  return approval.kind === "question" ? (
    <Question approval={approval} answer={answer} isBusy={isBusy} />
  ) : (
    <Call approval={approval} answer={answer} isBusy={isBusy} />
  );
}

/** The turn's own event takes the card away. */
function useAnswer(approval: Approval) {
  const [isBusy, setBusy] = useState(false);
  const renew = useRenew();
  const answer = (body: ApprovalAnswer) => {
    setBusy(true);
    answerApproval(approval.response_id, approval.id, body).then(
      () => renew("approvals"),
      (error: unknown) => {
        setBusy(false);
        if (error instanceof ApiError && error.status === 409) toast("It was decided elsewhere already.");
        else toastError(error);
      },
    );
  };
  return { answer, isBusy };
}

interface AskedProps {
  approval: Approval;
  answer: (body: ApprovalAnswer) => void;
  isBusy: boolean;
}

function Card({ approval, icon, children }: { approval: Approval; icon: ReactNode; children: ReactNode }) {
  const id = useId();
  const card = useRef<HTMLElement>(null);
  // Who was writing or reading is not torn away; who has nothing in hand can answer at once.
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.id === "view")
      card.current?.focus();
  }, []);
  return (
    <section ref={card} tabIndex={-1} className={styles.card} aria-labelledby={id}>
      <span className={styles.icon} aria-hidden>
        {icon}
      </span>
      <div className={styles.body}>
        <h3 id={id} className={styles.summary}>
          {approval.summary}
        </h3>
        {approval.reason && <p className={styles.reason}>{approval.reason}</p>}
        {approval.expires_at && (
          <p className={styles.reason}>
            Without an answer it fails <Time at={approval.expires_at} />.
          </p>
        )}
        {children}
      </div>
    </section>
  );
}

function Call({ approval, answer, isBusy }: AskedProps) {
  const hasArguments = Object.keys(approval.arguments).length > 0;
  const always = approval.subject
    ? `Always allow for ${approval.subject}`
    : `Always allow ${approval.tool.replaceAll("_", " ")}`;
  return (
    <Card approval={approval} icon={<ShieldQuestion />}>
      {hasArguments && (
        <details className={styles.arguments}>
          <summary>What exactly</summary>
          <Arguments given={approval.arguments} />
        </details>
      )}
      <div className={styles.actions}>
        <Button kind="primary" size="small" isBusy={isBusy} onClick={() => answer({ decision: "allow" })}>
          Allow
        </Button>
        <Button size="small" disabled={isBusy} onClick={() => answer({ decision: "allow_always" })}>
          {always}
        </Button>
        <Button size="small" kind="ghost" disabled={isBusy} onClick={() => answer({ decision: "deny" })}>
          Deny
        </Button>
      </div>
    </Card>
  );
}

/** Code as code, all else as it is sent. */
function Arguments({ given }: { given: Record<string, unknown> }) {
  const { code, ...rest } = given;
  return (
    <>
      {typeof code === "string" && (
        <CodeBlock code={code} language={given.language === "sql" ? "sql" : "python"} />
      )}
      {Object.keys(rest).length > 0 && <CodeBlock code={JSON.stringify(rest, null, 2)} language="json" />}
    </>
  );
}

function Question({ approval, answer, isBusy }: AskedProps) {
  const [words, setWords] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (words.trim()) answer({ answer: words.trim() });
  };
  return (
    <Card approval={{ ...approval, reason: "" }} icon={<CircleHelp />}>
      {approval.options.length > 0 && (
        <div className={styles.actions} role="group" aria-label="Suggested answers">
          {approval.options.map((option) => (
            <Button key={option} size="small" disabled={isBusy} onClick={() => answer({ answer: option })}>
              {option}
            </Button>
          ))}
        </div>
      )}
      <form className={styles.free} onSubmit={submit}>
        <TextField
          label="Your answer"
          isLabelHidden={approval.options.length === 0}
          placeholder={approval.options.length > 0 ? "Something else" : "Your answer"}
          value={words}
          maxLength={20_000}
          onChange={(event) => setWords(event.target.value)}
          className={styles.field}
        />
        <Button type="submit" kind="primary" isBusy={isBusy} disabled={!words.trim()}>
          Answer
        </Button>
        <Button kind="ghost" disabled={isBusy} onClick={() => answer({ decision: "deny" })}>
          Skip
        </Button>
      </form>
    </Card>
  );
}
