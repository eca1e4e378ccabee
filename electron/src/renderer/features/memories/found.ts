/** Which memories have the words that are looked for. */
import type { Memory } from "@/api/types";

export function found(memories: readonly Memory[], words: string): readonly Memory[] {
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (parts.length === 0) return memories;
  return memories.filter(({ content }) => {
    const text = content.toLowerCase();
    return parts.every((part) => text.includes(part));
  });
}
