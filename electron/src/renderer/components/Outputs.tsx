/** What a cell has put out, each in the richest form that can be shown safely. */
import { lazy, memo, Suspense } from "react";
import type { Output } from "@/api/types";
import { classes } from "./classes";
import { DataTable, tableOf } from "./DataTable";
import { HtmlFrame } from "./HtmlFrame";
import { JsonTree } from "./JsonTree";
import styles from "./Outputs.module.css";
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
  const text = typeof data === "string" ? data : null;
  if (kind === "notice") return <p className={styles.notice}>{text}</p>;
  if (text !== null) {
    if (mime === "text/plain") {
      const isFault = kind === "error" || output.name === "stderr";
      return <TerminalText text={text} className={classes(styles.text, isFault && styles.fault)} n={n} />;
    }
    if (mime === "text/html") return <Html html={text} />;
    if (mime.startsWith("image/"))
      return <img src={pictureOf(mime, text)} alt={describe(output)} className={styles.picture} />;
    if (mime === "text/markdown" || mime === "text/latex") {
      return (
        <Suspense fallback={<TerminalText text={text} className={styles.text} n={n} />}>
          <Prose text={mime === "text/latex" ? asFormula(text) : text} />
        </Suspense>
      );
    }
  }
  if (
    /^application\/(.*\+)?json$/.test(mime) &&
    !("text/plain" in (output.alternatives ?? {}) && mime.includes("vnd."))
  ) {
    return <JsonTree value={data} />;
  }
  return <TerminalText text={plainOf(output)} className={styles.text} n={n} />;
});

function Html({ html }: { html: string }) {
  const table = tableOf(html);
  return table ? <DataTable table={table} /> : <HtmlFrame html={html} />;
}

/** An image never runs what is in it, also where it is SVG. */
const pictureOf = (mime: string, data: string): string =>
  data.startsWith("data:") ? data : `data:${mime};charset=utf-8,${encodeURIComponent(data)}`;

function describe(output: Output): string {
  const said = output.alternatives?.["text/plain"];
  return typeof said === "string" && !said.startsWith("<")
    ? said.slice(0, 300)
    : "A figure that the cell has drawn";
}

function plainOf(output: Output): string {
  const said = output.alternatives?.["text/plain"] ?? output.data;
  return typeof said === "string" ? said : JSON.stringify(said, null, 2);
}

const asFormula = (latex: string): string => (latex.trim().startsWith("$") ? latex : `$$\n${latex}\n$$`);
