/** Prose of a model: Markdown without HTML, block by block, so that while it streams only its end is rendered anew. */
import { lazy, memo, Suspense, useMemo, useState } from "react";
import { blocksOf, splitter, type Block } from "./markdownBlocks";
import { MarkdownBlock } from "./MarkdownBlock";
import styles from "./Markdown.module.css";
import { settled } from "./markdownTail";

const MathBlock = lazy(() => import("./MarkdownMath"));

interface MarkdownProps {
  text: string;
  /** More of it comes. */
  isStreaming?: boolean;
}

export const Markdown = memo(function Markdown({ text, isStreaming = false }: MarkdownProps) {
  const [split] = useState(splitter);
  const blocks = useMemo(() => blocksOf(split(text)), [split, text]);
  return (
    <div className={styles.prose}>
      {blocks.map((block, n) => (
        // A block keeps its place: only the last one grows.
        <OneBlock
          key={n}
          {...block}
          text={isStreaming && n === blocks.length - 1 ? settled(block.text) : block.text}
        />
      ))}
    </div>
  );
});

const OneBlock = memo(function OneBlock({ text, level, hasMath }: Block) {
  if (!hasMath) return <MarkdownBlock text={text} level={level} />;
  return (
    <Suspense fallback={<MarkdownBlock text={text} level={level} />}>
      <MathBlock text={text} level={level} />
    </Suspense>
  );
});
