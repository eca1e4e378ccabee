/** A block with formulas; loaded when there is one. */
import rehypeKatex from "rehype-katex";
import remarkMath from "remark-math";
import "katex/dist/katex.min.css";
import { MarkdownBlock } from "./MarkdownBlock";

export default function MarkdownMath({ text }: { text: string }) {
  return (
    <MarkdownBlock
      text={text}
      remarkPlugins={[remarkMath]}
      rehypePlugins={[[rehypeKatex, { throwOnError: false, trust: false, maxExpand: 1000 }]]}
    />
  );
}
