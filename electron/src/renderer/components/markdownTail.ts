/** The last block of Markdown that still streams, as it will most likely look: what is half written is closed, or waits. */

const FENCE = /^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*(`{3,}|~{3,})(.*)$/;
/** A line that may still become a heading, a rule, an item or a fence. */
const UNDECIDED = /^[\s>]*(?:#{1,6}|[-+*_=~`]+|\d{1,9}[.)]?|\|)?[ \t]*$/;
const HALF_A_TAG = /<(?:b|br|br\s*\/|!-*(?:[^>]|->)*)$/i;

export function settled(block: string): string {
  const lines = block.split("\n");
  const fence = openFence(lines);
  const last = lines.at(-1) ?? "";
  if (fence === "closed") return block;
  if (fence === "opening") return withoutLast(lines);
  if (fence !== null) {
    const marks = last.trim();
    return marks !== "" && fence.startsWith(marks) ? withoutLast(lines) : block;
  }
  if (isHalfATable(lines)) return "";
  if (/^\s*\$\$(?![^]*\$\$)/.test(block)) return "";
  const text = last !== "" && UNDECIDED.test(last) ? withoutLast(lines) : block;
  return closeInline(text.replace(HALF_A_TAG, ""));
}

const withoutLast = (lines: readonly string[]): string => lines.slice(0, -1).join("\n");

/** The marks of a fence that is open at the end; "opening" and "closed" where the last line does that. */
function openFence(lines: readonly string[]): string | null {
  let open: string | null = null;
  for (const [n, line] of lines.entries()) {
    const [, marks, words = ""] = FENCE.exec(line) ?? [];
    if (!marks || (marks.startsWith("`") && words.includes("`"))) continue;
    const isLast = n === lines.length - 1;
    if (open === null) open = isLast ? "opening" : marks;
    else if (marks.startsWith(open) && words.trim() === "") open = isLast ? "closed" : null;
  }
  return open;
}

/** Rows with bars, of which the second, that makes a table of them, is not written yet. */
function isHalfATable(lines: readonly string[]): boolean {
  return lines.length <= 2 && /^ {0,3}\|/.test(lines[0] ?? "") && /^[\s|:-]*$/.test(lines[1] ?? "");
}

interface Open {
  marks: string;
  /** Where what it emphasises begins. */
  from: number;
}

interface Scan {
  text: string;
  at: number;
  open: Open[];
  /** Where brackets have opened. */
  links: number[];
}

/** Closes code and emphasis that are open at the end, and shows the words of a link that has no address yet. */
function closeInline(text: string): string {
  const scan: Scan = { text, at: lastParagraph(text), open: [], links: [] };
  while (scan.at < scan.text.length) step(scan);
  return ended(scan);
}

/** Emphasis goes from line to line of a paragraph, not from an item to the next. */
function lastParagraph(text: string): number {
  const begins = [...text.matchAll(/\n(?=[\s>]*\n|[\s>]*(?:[-*+]|\d+[.)]|#{1,6}|\|)\s)/g)];
  return (begins.at(-1)?.index ?? -1) + 1;
}

function step(scan: Scan): void {
  const { text, at } = scan;
  const character = text.charAt(at);
  if (character === "`") code(scan);
  else if (character === "]") link(scan);
  else if (character === "*" || character === "_" || text.startsWith("~~", at)) emphasis(scan);
  else if (character === "$" && /^\$[^\s\d]/.test(text.slice(at, at + 2))) {
    const end = text.indexOf("$", at + 1);
    scan.at = end === -1 ? text.length : end + 1;
  } else {
    if (character === "[") scan.links.push(at);
    scan.at += character === "\\" ? 2 : 1;
  }
}

function code(scan: Scan): void {
  const { text, at } = scan;
  const marks = runAt(text, at);
  const end = endOfCode(text, at + marks.length, marks);
  if (end === -1) {
    // Of the marks at the end some may be there already.
    const written = text.slice(at + marks.length).replace(/`+$/, "");
    scan.text = text.slice(0, at) + (written.trim() === "" ? "" : marks + written + marks);
  }
  scan.at = end === -1 ? scan.text.length : end;
}

function endOfCode(text: string, from: number, marks: string): number {
  for (let at = text.indexOf("`", from); at !== -1; at = text.indexOf("`", at)) {
    const run = runAt(text, at);
    at += run.length;
    if (run === marks) return at;
  }
  return -1;
}

function link(scan: Scan): void {
  const { text, at } = scan;
  const start = scan.links.pop();
  const isLink = start !== undefined && text.charAt(at + 1) === "(";
  const end = isLink ? text.indexOf(")", at) : at;
  scan.at = end + 1;
  if (end === -1 && start !== undefined) {
    scan.links.push(start);
    scan.text = text.slice(0, at);
    scan.at = at;
  }
}

const isWord = (character: string): boolean => /[\p{L}\p{N}]/u.test(character);
const isSpace = (character: string): boolean => /^\s?$/.test(character);

function emphasis(scan: Scan): void {
  const { text, at, open } = scan;
  const marks = runAt(text, at);
  const [before, after] = [text.charAt(at - 1), text.charAt(at + marks.length)];
  scan.at = at + marks.length;
  const place = open.findLastIndex((one) => one.marks.startsWith(marks.charAt(0)));
  const closed = open[place];
  if (closed && !isSpace(before) && (marks.startsWith("*") || !isWord(after))) {
    open.length = place;
    // Where fewer marks close it than have opened it, the rest is on its way.
    const rest = closed.marks.slice(marks.length);
    if (rest) open.push({ marks: rest, from: closed.from });
  } else if (!isWord(before) && (after === "" || !isSpace(after))) {
    open.push({ marks, from: scan.at });
  }
}

function runAt(text: string, at: number): string {
  let end = at;
  while (end < text.length && text.charAt(end) === text.charAt(at)) end += 1;
  return text.slice(at, end);
}

function ended({ text, open, links }: Scan): string {
  const start = links.at(-1) ?? -1;
  const isPicture = start > 0 && text.charAt(start - 1) === "!";
  let shown = (isPicture ? text.slice(0, start - 1) : text).trimEnd();
  for (const { marks, from } of open.toReversed()) {
    const isEmpty = /^[\s[]*$/.test(shown.slice(from));
    shown = isEmpty ? shown.slice(0, Math.max(0, from - marks.length)).trimEnd() : shown + marks;
  }
  return start === -1 || start >= shown.length ? shown : shown.slice(0, start) + shown.slice(start + 1);
}
