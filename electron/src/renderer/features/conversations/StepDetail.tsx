/** A step that was opened: its cell with code and outputs, or what was asked and what came of it. */
import { Link } from "@tanstack/react-router";
import type { CellLink } from "@/api/types";
import { CodeBlock } from "@/components/CodeBlock";
import { Markdown } from "@/components/Markdown";
import { Outputs } from "@/components/Outputs";
import { Loading } from "@/components/States";
import { argumentsOf, type TurnCall } from "@/state/turn";
import type { Step } from "./blocks";
import styles from "./Steps.module.css";
import { StepLinks } from "./StepLinks";
import { useCellRun } from "./useCellRun";

export function StepDetail({ part }: { part: Step["part"] }) {
  if (part.type === "reasoning") {
    return (
      <div className={styles.thought}>
        <Markdown text={part.text} />
      </div>
    );
  }
  const cell = part.links?.find((link) => link.type === "cell");
  return (
    <div className={styles.detail}>
      <Asked call={part} />
      {part.liveOutput !== undefined && <LiveOutput text={part.liveOutput} />}
      {cell && part.name === "run_code" ? <CellOutputs link={cell} call={part} /> : <Result call={part} />}
      <StepLinks links={part.links ?? []} />
      {cell && (
        <Link
          to="/scratchpads/$scratchpadId"
          params={{ scratchpadId: cell.scratchpad_id }}
          search={{ cell: cell.cell_id }}
          className={styles.more}
        >
          Show in the notebook
        </Link>
      )}
    </div>
  );
}

/** Long texts, as code, stand in a block; the rest in a list. */
function Asked({ call }: { call: TurnCall }) {
  const given = Object.entries(argumentsOf(call)).filter(([, value]) => !isEmpty(value));
  const blocks = given.filter(([, value]) => typeof value === "string" && isLong(value));
  const rest = given.filter(
    ([name, value]) => !blocks.some(([block]) => block === name) && !isTold(call, name, value),
  );
  return (
    <>
      {rest.length > 0 && (
        <dl className={styles.given}>
          {rest.map(([name, value]) => (
            <div key={name}>
              <dt>{name.replaceAll("_", " ")}</dt>
              <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {blocks.map(([name, value]) => (
        <CodeBlock key={name} code={String(value)} language={languageOf(call, name)} />
      ))}
    </>
  );
}

const isEmpty = (value: unknown): boolean =>
  value === null || value === "" || value === false || (Array.isArray(value) && value.length === 0);

const isLong = (value: string): boolean => value.includes("\n") || value.length > 120;

/** Whether the block of code says it already. */
const isTold = (call: TurnCall, name: string, value: unknown): boolean =>
  (call.name === "run_code" && name === "language") || value === 0;

function languageOf(call: TurnCall, name: string): string {
  if (name === "sql") return "sql";
  if (name === "markdown") return "markdown";
  if (name !== "code") return "text";
  return argumentsOf(call).language === "sql" ? "sql" : "python";
}

/** The end of what a running tool has put out. */
export function LiveOutput({ text, lines }: { text: string; lines?: number }) {
  const shown = lines === undefined ? text : text.trimEnd().split("\n").slice(-lines).join("\n");
  if (shown.trim() === "") return null;
  return (
    <pre className={styles.text} aria-label="Output so far">
      {shown}
    </pre>
  );
}

function CellOutputs({ link, call }: { link: CellLink; call: TurnCall }) {
  const run = useCellRun(link);
  if (run.isPending) return <Loading lines={2} label="Loading the outputs" />;
  if (run.isError)
    return <Result call={call} note="The cell is not in the notebook any more. Its output was:" />;
  const isOfAnother = run.data.runId !== link.run_id;
  return (
    <>
      {isOfAnother && (
        <p className={styles.note}>
          The cell has been run again since. This is what it put out the last time.
        </p>
      )}
      {run.data.outputs.length > 0 ? (
        <Outputs outputs={run.data.outputs} />
      ) : (
        <p className={styles.note}>It put out nothing.</p>
      )}
    </>
  );
}

function Result({ call, note }: { call: TurnCall; note?: string }) {
  const said = note ?? (call.source ? `From ${call.source}:` : null);
  if (call.output.trim() === "") return null;
  return (
    <>
      {said && <p className={styles.note}>{said}</p>}
      <pre className={styles.text}>{call.output}</pre>
    </>
  );
}
