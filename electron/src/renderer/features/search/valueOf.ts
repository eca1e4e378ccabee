/** What the entries of the palette are told apart by. */
import type { Conversation, SearchHit } from "@/api/types";
import type { Command } from "@/hooks/commands";

export const valueOf = {
  task: ({ id }: Conversation) => `task ${id}`,
  command: ({ id }: Command) => `command ${id}`,
  hit: ({ kind, id }: SearchHit) => `${kind} ${id}`,
};
