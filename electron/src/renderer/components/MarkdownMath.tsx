/** A block with formulas; loaded when there is one. */
import type { Element, Root } from "hast";
import rehypeKatex from "rehype-katex";
import remarkMath from "remark-math";
import "katex/dist/katex.min.css";
import { MarkdownBlock } from "./MarkdownBlock";
import { onlyMath } from "./markdownBlocks";

const KATEX = { trust: false, maxExpand: 1000, maxSize: 20, strict: "ignore", errorColor: "var(--danger)" };

export default function MarkdownMath({ text, level }: { text: string; level: number }) {
  return (
    <MarkdownBlock
      text={onlyMath(text)}
      level={level}
      remarkPlugins={[remarkMath]}
      rehypePlugins={[[rehypeKatex, KATEX], rehypeFocusable]}
    />
  );
}

/** A formula on lines of its own scrolls where it is wide: by keyboard, too. */
const rehypeFocusable = () => (tree: Root) => walk(tree);

function walk(parent: Root | Element): void {
  for (const node of parent.children) {
    if (node.type !== "element") continue;
    const names = node.properties.className;
    if (Array.isArray(names) && names.includes("katex-display")) {
      node.properties = { ...node.properties, tabIndex: 0, role: "group", ariaLabel: "Formula" };
    } else walk(node);
  }
}
