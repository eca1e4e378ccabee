/** Splits code into pieces with the classes of `styles/code.css`; each language's parser is loaded when it is first met. */
import { classHighlighter, highlightCode } from "@lezer/highlight";
import type { Parser } from "@lezer/common";

export interface Piece {
  text: string;
  /** Of Lezer's `classHighlighter`, as "tok-keyword". */
  classes: string;
}

const PARSERS: Record<string, () => Promise<Parser>> = {
  python: async () => (await import("@codemirror/lang-python")).pythonLanguage.parser,
  sql: async () => (await import("@codemirror/lang-sql")).StandardSQL.language.parser,
  javascript: async () => (await import("@codemirror/lang-javascript")).tsxLanguage.parser,
  json: async () => (await import("@codemirror/lang-json")).jsonLanguage.parser,
  html: async () => (await import("@codemirror/lang-html")).htmlLanguage.parser,
  css: async () => (await import("@codemirror/lang-css")).cssLanguage.parser,
  markdown: async () => (await import("@codemirror/lang-markdown")).markdownLanguage.parser,
};

const ALIASES: Record<string, string> = {
  py: "python",
  ipython: "python",
  js: "javascript",
  jsx: "javascript",
  ts: "javascript",
  tsx: "javascript",
  typescript: "javascript",
  md: "markdown",
  xml: "html",
};

/** What is longer is shown plain: parsing it would hold the page up. */
const LONGEST = 200_000;

export async function highlight(code: string, language: string): Promise<Piece[]> {
  const name = language.toLowerCase();
  const load = PARSERS[ALIASES[name] ?? name];
  if (!load || code.length > LONGEST) return [{ text: code, classes: "" }];
  const pieces: Piece[] = [];
  highlightCode(
    code,
    (await load()).parse(code),
    classHighlighter,
    (text, classes) => pieces.push({ text, classes }),
    () => pieces.push({ text: "\n", classes: "" }),
  );
  return pieces;
}
