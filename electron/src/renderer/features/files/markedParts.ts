/** Marks in a text the words that were looked for, as the search finds them: without case and accents, the last one unfinished. */
import type { SearchHit } from "@/api/types";

export type Parts = SearchHit["snippet"];

const TERM = /"([^"]*)"|(\S+)/g;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\u0300-\u036f]*/gu;
/** Between the characters of these no spaces stand. */
const UNSPACED = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;
const HAS_MARKS = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]/u;

/** Finds what somebody typed; null where it has no word. */
export function wordsPattern(query: string): RegExp | null {
  const terms = [...query.matchAll(TERM)]
    .map(([, phrase, word]) => ({
      words: fold(phrase ?? word ?? "").match(WORD) ?? [],
      isWord: word !== undefined,
    }))
    .filter(({ words }) => words.length > 0);
  const last = terms.at(-1);
  if (!last) return null;
  const isOpen = (term: typeof last) => term === last && last.isWord && (last.words.at(-1)?.length ?? 0) > 1;
  return new RegExp(terms.map((term) => patternOf(term.words, isOpen(term))).join("|"), "gu");
}

function patternOf(words: readonly string[], isOpen: boolean): string {
  const text = words.join("[^\\p{L}\\p{N}]+");
  if (UNSPACED.test(text)) return text;
  return `(?<![\\p{L}\\p{N}])${text}${isOpen ? "[\\p{L}\\p{N}]*" : "(?![\\p{L}\\p{N}])"}`;
}

export function markedParts(given: string, pattern: RegExp | null): Parts {
  const text = given.normalize("NFC");
  if (!pattern || text === "") return [{ text, is_match: false }];
  const parts: Parts = [];
  let place = 0;
  for (const { index, 0: found } of fold(text).matchAll(pattern)) {
    if (index > place) parts.push({ text: text.slice(place, index), is_match: false });
    place = index + found.length;
    parts.push({ text: text.slice(index, place), is_match: true });
  }
  if (place < text.length) parts.push({ text: text.slice(place), is_match: false });
  return parts;
}

/** Without case and marks, each character in its place. */
function fold(given: string): string {
  const text = given.normalize("NFC");

  if (/^[\0-\x7f]*$/.test(text)) return text.toLowerCase();
  return Array.from(text, (character) => {
    const [base = character] = character.normalize("NFD");
    const plain = (HAS_MARKS.test(base) ? base : character).toLowerCase().replace("ς", "σ");
    return plain.length === character.length ? plain : character;
  }).join("");
}
