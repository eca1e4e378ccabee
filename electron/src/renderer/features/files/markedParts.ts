/** Splits a text at the words that were looked for. */
import type { SearchHit } from "@/api/types";

export function markedParts(text: string, query: string): SearchHit["snippet"] {
  const words = query.replaceAll('"', " ").split(/\s+/).filter(Boolean);
  if (words.length === 0) return [{ text, is_match: false }];
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
  // Odd places of the split are what the group has caught.
  return text
    .split(new RegExp(`(${pattern})`, "giu"))
    .map((part, n) => ({ text: part, is_match: n % 2 === 1 }))
    .filter((part) => part.text !== "");
}
