/** Where a hit is shown. */
import type { NavigateOptions } from "@tanstack/react-router";
import type { SearchHit } from "@/api/types";
import { placeSearch } from "@/components/placeCode";

/** `query`: the words, which the view marks. */
export function placeOf(hit: SearchHit, query: string): NavigateOptions {
  switch (hit.kind) {
    case "conversation":
      return { to: "/tasks/$conversationId", params: { conversationId: hit.id } };
    case "item":
      return {
        to: "/tasks/$conversationId",
        params: { conversationId: hit.conversation_id ?? "" },
        search: { item: hit.id },
      };
    case "file":
      return {
        to: "/files/$fileId",
        params: { fileId: hit.id },
        search: { q: query, ...placeSearch(hit.place) },
      };
    case "artifact":
      return { to: "/artifacts/$artifactId", params: { artifactId: hit.id } };
    case "project":
      return { to: "/projects/$projectId", params: { projectId: hit.id } };
    case "skill":
      return { to: "/skills/$skillId", params: { skillId: hit.id } };
    case "memory":
      return { to: "/memories" };
  }
}
