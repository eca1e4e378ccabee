/** What was typed and could not be saved before the window went: kept in this browser until it can be. */
import { readStored, writeStored } from "@/hooks/useStored";
import type { Entry } from "./entries";

interface Unsaved {
  text: string;
  /** What the server had when it was typed. */
  base: string;
}

const NONE: Readonly<Record<string, Unsaved>> = {};
const nameOf = (scratchpadId: string): string => `cowork.notebook.${scratchpadId}`;

export function keepUnsaved(scratchpadId: string, entries: readonly Entry[]): void {
  const unsaved: Record<string, Unsaved> = {};
  for (const { cell, draft } of entries) {
    if (draft !== null && cell.id !== "") unsaved[cell.id] = { text: draft, base: cell.content };
  }
  const isNone = Object.keys(unsaved).length === 0;
  if (isNone && readStored(nameOf(scratchpadId), NONE) === NONE) return;
  writeStored(nameOf(scratchpadId), isNone ? null : unsaved);
}

/** With what was kept; where the cell has changed since, both are there. */
export function withUnsaved(scratchpadId: string, entries: readonly Entry[]): readonly Entry[] {
  const unsaved = readStored(nameOf(scratchpadId), NONE);
  return entries.map((entry) => {
    const kept = unsaved[entry.cell.id];
    if (!kept || kept.text === entry.cell.content) return entry;
    return kept.base === entry.cell.content
      ? { ...entry, draft: kept.text }
      : { ...entry, conflict: { other: kept.text, whose: "ours" as const } };
  });
}
