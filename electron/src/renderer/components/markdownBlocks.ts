/** Splits Markdown into its top-level blocks, each of which can be rendered apart; what streams is read from its last block on. */
import { Lexer } from "marked";

export interface Block {
  /** Its own, and the definitions of links that it may use. */
  text: string;
  /** Of its heading; what is a heading within a quote or a list stands there too. */
  level: number;
  hasMath: boolean;
}

interface Piece {
  raw: string;
  type: string;
  /** Of a heading: 1 to 6. */
  depth: number;
}

/** Headings stand below those of the view. */
const HIGHEST = 3;
const LOWEST = 6;
const FOOTNOTE = /^ {0,3}\[\^[^\]\s]+\]:/m;

/** Together the pieces are the text. */
function read(text: string): Piece[] {
  let at = 0;
  // Of what the lexer has put right in its raw text the length is that of the source.
  const pieces = new Lexer().blockTokens(text).map((token): Piece => {
    const from = at;
    at += token.raw.length;
    const depth = token.type === "heading" ? Number(token.depth) : 0;
    return { raw: text.slice(from, at), type: token.type, depth };
  });
  return at === text.length ? pieces : [{ raw: text, type: "paragraph", depth: 0 }];
}

/**
 * A splitter that remembers what it has read: of a text that only goes on, all but the last blocks stay as they are.
 * It answers the same as one that remembers nothing.
 */
export function splitter(): (text: string) => readonly Piece[] {
  let known = "";
  let pieces: readonly Piece[] = [];
  return (text) => {
    const normal = text.replace(/\r\n?/g, "\n");
    if (normal === known) return pieces;
    const kept = normal.startsWith(known) ? closed(pieces) : [];
    const from = kept.reduce((size, { raw }) => size + raw.length, 0);
    pieces = [...kept, ...read(normal.slice(from))];
    known = normal;
    return pieces;
  };
}

/** Without the last two blocks: what comes may belong to them. */
function closed(pieces: readonly Piece[]): readonly Piece[] {
  let left = 2;
  const last = pieces.findLastIndex(({ type }) => type !== "space" && (left -= 1) === 0);
  return pieces.slice(0, Math.max(0, last));
}

export function blocksOf(pieces: readonly Piece[]): Block[] {
  const text = pieces.map(({ raw }) => raw).join("");
  // Notes are numbered through the whole text, and stand at its end.
  if (FOOTNOTE.test(text)) return [{ text, level: HIGHEST, hasMath: hasMath(text) }];
  const definitions = pieces.filter(({ type }) => type === "def").map(({ raw }) => raw.trim());
  const levelOf = levels();
  return pieces
    .filter(({ type }) => type !== "space" && type !== "def")
    .map(({ raw, type, depth }) => ({
      text: definitions.length > 0 && raw.includes("[") ? `${raw}\n\n${definitions.join("\n")}` : raw,
      level: levelOf(depth),
      hasMath: type !== "code" && hasMath(raw),
    }));
}

/** The levels of headings one after another, none left out, whatever a model has begun with. */
function levels(): (depth: number) => number {
  let open: number[] = [];
  return (depth) => {
    if (depth === 0) return Math.min(LOWEST, HIGHEST + open.length);
    open = [...open.filter((above) => above < depth), depth];
    return Math.min(LOWEST, HIGHEST + open.length - 1);
  };
}

/** Code, what is escaped, formulas as Pandoc tells them from sums of dollars; and any other dollar. */
const DOLLARS = /(`+)[^]*?\1|\\.|\$\$[^$]+\$\$|\$(?=[^\s$])(?:\\.|[^$\\\n])*?(?<!\s)\$(?!\d)|\$/g;

const hasMath = (text: string): boolean =>
  text.includes("$") && [...text.matchAll(DOLLARS)].some(([found]) => /^\$./.test(found));

/** With the dollars escaped that are none of a formula. */
export const onlyMath = (text: string): string =>
  text.replaceAll(DOLLARS, (found) => (found === "$" ? "\\$" : found));
