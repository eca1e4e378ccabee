/** The blocks of a text with the words that are looked for marked in them. */
import type { Place } from "@/api/types";
import type { Block } from "./blocks";
import { markedParts, wordsPattern, type Parts } from "./markedParts";

interface MarkedRow {
  n: number;
  cells: Parts[];
}

export type MarkedBlock = { key: string; place: Place; heading: string } & (
  { kind: "text"; parts: Parts } | { kind: "table"; head: Parts[] | null; rows: MarkedRow[]; columns: number }
);

export function marked(blocks: readonly Block[], q: string): { blocks: MarkedBlock[]; hits: number } {
  const pattern = wordsPattern(q);
  let hits = 0;
  const mark = (text: string): Parts => {
    const parts = markedParts(text, pattern);
    for (const part of parts) if (part.is_match) hits += 1;
    return parts;
  };
  const all = blocks.map((block): MarkedBlock => {
    const { key, place, heading } = block;
    if (block.kind === "text") return { key, place, heading, kind: "text", parts: mark(block.text) };
    return {
      key,
      place,
      heading,
      kind: "table",
      columns: block.columns,
      head: block.head?.map(mark) ?? null,
      rows: block.rows.map(({ n, cells }) => ({ n, cells: cells.map(mark) })),
    };
  });
  return { blocks: all, hits };
}
