/** What a cell has put out, each in the richest form that can be shown safely. */
import { Download } from "lucide-react";
import { lazy, memo, Suspense } from "react";
import type { Output } from "@/api/types";
import { ButtonLink } from "./Button";
import { classes } from "./classes";
import { DataTable } from "./DataTable";
import { HtmlFrame } from "./HtmlFrame";
import { JsonTree } from "./JsonTree";
import styles from "./Outputs.module.css";
import { Picture } from "./OutputPicture";
import { tableOf } from "./readTable";
import { TerminalText } from "./TerminalText";

const Prose = lazy(() => import("./Markdown").then(({ Markdown }) => ({ default: Markdown })));

export function Outputs({ outputs }: { outputs: readonly Output[] }) {
  return (
    <div className={styles.outputs}>
      {outputs.map((output, n) => (
        // An output keeps its place: a progress bar is updated, not made anew.
        <OneOutput key={n} output={output} n={n + 1} />
      ))}
    </div>
  );
}

const OneOutput = memo(function OneOutput({ output, n }: { output: Output; n: number }) {
  const { mime, data, kind } = output;
  if (kind === "notice") return <p className={styles.notice}>{String(data)}</p>;
  if (isJson(mime)) {
    return isOfNobodyHere(output) ? <Plain text={plainOf(output)} n={n} /> : <JsonTree value={data} />;
  }
  if (typeof data !== "string") return <Plain text={plainOf(output)} n={n} />;
  if (mime === "text/html") return <Html html={data} n={n} />;
  if (mime.startsWith("image/")) return <Picture output={output} data={data} />;
  if (mime === "text/markdown" || mime === "text/latex") {
    return (
      <Suspense fallback={<Plain text={data} n={n} />}>
        <Prose text={mime === "text/latex" ? asFormula(data) : data} />
      </Suspense>
    );
  }
  if (mime === "application/pdf" && data.startsWith("data:application/pdf")) {
    return (
      <ButtonLink icon={<Download />} href={data} download={`output-${n}.pdf`} className={styles.file}>
        Download the PDF
      </ButtonLink>
    );
  }
  if (mime === "text/plain") {
    return <Plain text={data} n={n} look={kind === "error" ? "fault" : output.name} />;
  }
  return <Plain text={plainOf(output)} n={n} />;
});

interface PlainProps {
  text: string;
  n: number;
  look?: "fault" | Output["name"];
}

function Plain({ text, n, look }: PlainProps) {
  const ground = look === "fault" || look === "stderr" ? styles[look] : undefined;
  return <TerminalText text={text} className={classes(styles.text, ground)} n={n} />;
}

function Html({ html, n }: { html: string; n: number }) {
  const table = tableOf(html);
  return table ? <DataTable table={table} /> : <HtmlFrame html={html} title={`Output ${n}`} />;
}

const isJson = (mime: string): boolean => /^application\/(.*\+)?json$/.test(mime);

/** The form of a program that is not here, as a plot's, which comes in words, too. */
const isOfNobodyHere = ({ mime, alternatives }: Output): boolean =>
  mime.includes("vnd.") && typeof alternatives?.["text/plain"] === "string";

function plainOf({ data, alternatives }: Output): string {
  const said = alternatives?.["text/plain"] ?? data;
  return typeof said === "string" ? said : JSON.stringify(said, null, 2);
}

const asFormula = (latex: string): string => (latex.trim().startsWith("$") ? latex : `$$\n${latex}\n$$`);
