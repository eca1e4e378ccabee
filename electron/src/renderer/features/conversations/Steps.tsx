/** The quiet timeline of what was done: one line for all, which opens to the steps, each of which opens to its cell. */
import { ChevronRight, CircleAlert, LoaderCircle } from "lucide-react";
import { memo, useId } from "react";
import type { Approval } from "@/api/types";
import { classes } from "@/components/classes";
import { seconds } from "@/components/format";
import { Outputs } from "@/components/Outputs";
import type { CellLink } from "@/api/types";
import { ArtifactCard } from "./ArtifactCard";
import { isSameBlock, pictured, secondsOf, type Activity, type Step } from "./blocks";
import { decisionWords, isAskedFor } from "./decisions";
import { useOpened } from "./opened";
import { LiveOutput, StepDetail } from "./StepDetail";
import { StepIcon } from "./StepIcon";
import { isFailed, kindOf, summaryOf, wordsOf } from "./stepWords";
import styles from "./Steps.module.css";
import { useCellRun } from "./useCellRun";

interface StepsProps {
  activity: Activity;
  /** The turn is at work on these. */
  isCurrent: boolean;
  /** The pictures of its last cell are shown: the answer has nothing else to look at. */
  showsPictures: boolean;
  approvals: readonly Approval[];
}

export const Steps = memo(Timeline, (one, other) => {
  return (
    one.isCurrent === other.isCurrent &&
    one.showsPictures === other.showsPictures &&
    one.approvals === other.approvals &&
    isSameBlock(one.activity, other.activity)
  );
});

function Timeline({ activity, isCurrent, showsPictures, approvals }: StepsProps) {
  const [isOpen, toggle] = useOpened(`steps ${activity.index}`);
  const id = useId();
  const { steps, artifacts, isCompacted } = activity;
  const cell =
    showsPictures && !isCurrent ? pictured(steps)?.links?.find((link) => link.type === "cell") : undefined;
  return (
    <div className={styles.activity}>
      {isCompacted && (
        <p className={styles.note}>
          The earlier part of this task was summed up for the model. All of it is kept.
        </p>
      )}
      {steps.length > 0 && (
        <button
          type="button"
          className={styles.summary}
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={toggle}
        >
          <Summary steps={steps} isCurrent={isCurrent} approvals={approvals} />
          <ChevronRight className={styles.chevron} aria-hidden />
        </button>
      )}
      {isOpen ? (
        <ol className={styles.steps} id={id}>
          {steps.map((step) => (
            <StepLine key={step.index} step={step} isCurrent={isCurrent} approvals={approvals} />
          ))}
        </ol>
      ) : (
        isCurrent && <Current steps={steps} />
      )}
      {cell && <Pictures link={cell} />}
      {artifacts.map((artifact) => (
        <ArtifactCard key={artifact.artifact_id} artifact={artifact} />
      ))}
    </div>
  );
}

const isRunningStep = (part: Step["part"], isCurrent: boolean): boolean =>
  part.type === "tool_call" ? part.status === "running" && isCurrent : isCurrent;

interface SummaryProps {
  steps: readonly Step[];
  isCurrent: boolean;
  approvals: readonly Approval[];
}

function Summary({ steps, isCurrent, approvals }: SummaryProps) {
  const last = steps.at(-1);
  if (isCurrent && last) {
    return (
      <>
        <StepIcon kind={kindOf(last.part)} />
        <span className={styles.words}>{wordsOf(last.part, isRunningStep(last.part, true))}</span>
        {steps.length > 1 && <span className={styles.time}>step {steps.length}</span>}
      </>
    );
  }
  const failed = steps.filter(({ part }) => isFailed(part) && !isDenied(part, approvals)).length;
  const time = secondsOf(steps);
  return (
    <>
      {last && <StepIcon kind={kindOf((steps.find(({ part }) => part.type === "tool_call") ?? last).part)} />}
      <span className={styles.words}>{summaryOf(steps)}</span>
      {steps.length === 1 && last && <Decision part={last.part} approvals={approvals} />}
      {failed > 0 && (
        <span className={styles.failed}>{steps.length === 1 ? "failed" : `${failed} failed`}</span>
      )}
      {time > 0 && <span className={styles.time}>{seconds(time)}</span>}
    </>
  );
}

/** What the step that runs puts out, as it comes. */
function Current({ steps }: { steps: readonly Step[] }) {
  const part = steps.at(-1)?.part;
  return part?.type === "tool_call" && part.liveOutput ? (
    <LiveOutput text={part.liveOutput} lines={6} />
  ) : null;
}

interface StepLineProps {
  step: Step;
  isCurrent: boolean;
  approvals: readonly Approval[];
}

const StepLine = memo(Line, (one, other) => {
  return (
    one.step.part === other.step.part &&
    one.approvals === other.approvals &&
    one.isCurrent === other.isCurrent
  );
});

function Line({ step: { index, part }, isCurrent, approvals }: StepLineProps) {
  const [isOpen, toggle] = useOpened(`step ${index}`);
  const id = useId();
  const isRunning = isRunningStep(part, isCurrent);
  return (
    <li className={styles.step}>
      <button
        type="button"
        className={styles.line}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={toggle}
      >
        <span className={classes(styles.sign, isFailed(part) && styles.failed)}>
          <Sign part={part} isRunning={isRunning} />
        </span>
        <span className={styles.words}>{wordsOf(part, isRunning)}</span>
        <Decision part={part} approvals={approvals} />
        {isFailed(part) && !isDenied(part, approvals) && <span className={styles.failed}>failed</span>}
        {part.type === "tool_call" && part.seconds != null && part.name !== "ask_user" && (
          <span className={styles.time}>{seconds(part.seconds)}</span>
        )}
        <ChevronRight className={styles.chevron} aria-hidden />
      </button>
      {isOpen && (
        <div id={id} className={styles.opened}>
          <StepDetail part={part} />
        </div>
      )}
    </li>
  );
}

const askedFor = (part: Step["part"], approvals: readonly Approval[]): Approval | undefined =>
  part.type === "tool_call" ? approvals.find((one) => isAskedFor(one, part)) : undefined;

const isDenied = (part: Step["part"], approvals: readonly Approval[]): boolean =>
  askedFor(part, approvals)?.status === "denied";

/** What the user said when the step was asked for. */
function Decision({ part, approvals }: { part: Step["part"]; approvals: readonly Approval[] }) {
  const asked = askedFor(part, approvals);
  return asked && asked.status !== "pending" && asked.status !== "answered" ? (
    <span className={styles.time}>{decisionWords(asked)}</span>
  ) : null;
}

function Sign({ part, isRunning }: { part: Step["part"]; isRunning: boolean }) {
  if (isRunning) return <LoaderCircle className={styles.spinner} aria-label="Running" />;
  if (isFailed(part)) return <CircleAlert aria-hidden />;
  return <StepIcon kind={kindOf(part)} />;
}

/** The pictures of a cell, where they are the point of the answer. */
function Pictures({ link }: { link: CellLink }) {
  const { data } = useCellRun(link);
  const pictures = data?.outputs.filter((output) => output.mime.startsWith("image/")) ?? [];
  return pictures.length > 0 && data?.runId === link.run_id ? (
    <div className={styles.pictures}>
      <Outputs outputs={pictures} />
    </div>
  ) : null;
}
