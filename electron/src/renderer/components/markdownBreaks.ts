/** Of the HTML in Markdown: `<br>` breaks the line, comments are left out; all else is shown as it is written. */
import type { Html, Nodes, Parents, Root } from "mdast";

export const remarkBreaks = () => (tree: Root) => walk(tree);

/** Where HTML stands between words, not as a block of its own. */
const AMONG_WORDS: readonly Nodes["type"][] = [
  "paragraph",
  "heading",
  "emphasis",
  "strong",
  "delete",
  "link",
  "linkReference",
  "tableCell",
];

function walk(parent: Parents): void {
  const isAmongWords = AMONG_WORDS.includes(parent.type);
  const children = parent.children.flatMap((node): Nodes[] => {
    if (node.type === "html") return shown(node, isAmongWords);
    if ("children" in node) walk(node);
    return [node];
  });
  // Each is of a kind that may stand where the HTML stood.
  (parent as { children: Nodes[] }).children = children;
}

function shown({ value }: Html, isAmongWords: boolean): Nodes[] {
  if (/^\s*<!--[^]*?-->\s*$/.test(value)) return [];
  if (/^<br\s*\/?>$/i.test(value)) return isAmongWords ? [{ type: "break" }] : [];
  return [isAmongWords ? { type: "text", value } : { type: "code", lang: "html", value }];
}
