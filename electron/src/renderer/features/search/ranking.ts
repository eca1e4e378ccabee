/** Which commands answer what is typed, and in which order: what was used last comes first among equals. */
import { defaultFilter } from "cmdk";
import type { Command } from "@/hooks/commands";

const KEPT = 20;
/** What having been used last is worth, beside a score of at most 1. */
const RECENT = 0.2;

export function matching(commands: readonly Command[], query: string, recent: readonly string[]): Command[] {
  return commands
    .map((command, place) => ({ command, place, score: score(command, query, recent) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score || one.place - other.place)
    .map(({ command }) => command);
}

function score(command: Command, query: string, recent: readonly string[]): number {
  const match = query
    ? defaultFilter(command.title, query, [command.group, ...(command.keywords ?? [])])
    : 0.1;
  const place = recent.indexOf(command.id);
  return match > 0 && place >= 0 ? match + (RECENT * (KEPT - place)) / KEPT : match;
}

export const noteRecent = (recent: readonly string[], id: string): string[] =>
  [id, ...recent.filter((other) => other !== id)].slice(0, KEPT);
