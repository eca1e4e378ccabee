/** Prose of a model: Markdown without HTML, block by block, so that while it streams only its end is rendered anew. */
import { marked } from "marked";
import { lazy, memo, Suspense, useMemo } from "react";
import { MarkdownBlock } from "./MarkdownBlock";
import styles from "./Markdown.module.css";

const MathBlock = lazy(() => import("./MarkdownMath"));

interface MarkdownProps {
  text: string;
  /** More of it comes. */
  isStreaming?: boolean;
}

export const Markdown = memo(function Markdown({ text }: MarkdownProps) {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return (
    <div className={styles.prose}>
      {blocks.map((block, n) => (
        // A block keeps its place: only the last one grows.
        <Block key={n} text={block} />
      ))}
    </div>
  );
});

const Block = memo(function Block({ text }: { text: string }) {
  if (!hasMath(text)) return <MarkdownBlock text={text} />;
  return (
    <Suspense fallback={<MarkdownBlock text={text} />}>
      <MathBlock text={text} />
    </Suspense>
  );
});

/** `$x$`, `$$x$$`; a sum of dollars is none. */
const hasMath = (text: string): boolean => /\$\$[^$]+\$\$|\$[^\s$](?:[^$\n]*[^\s$])?\$(?![0-9])/.test(text);

/** Pieces that can be rendered apart; together they are the text. Definitions of links belong to all of them. */
export function blocksOf(text: string): string[] {
  const blocks: string[] = [];
  const definitions: string[] = [];
  for (const token of marked.lexer(text)) {
    if (token.type === "def") definitions.push(token.raw);
    else if (token.type !== "space") blocks.push(token.raw);
  }
  if (definitions.length === 0) return blocks;
  return blocks.map((block) => (block.includes("[") ? `${block}\n\n${definitions.join("\n")}` : block));
}
