/** Fetches anew what a change has made old, of one resource or several. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

/** The first part of every query's key. */
export type Resource =
  | "approvals"
  | "artifacts"
  | "backups"
  | "connections"
  | "conversations"
  | "files"
  | "health"
  | "memories"
  | "models"
  | "projects"
  | "responses"
  | "schedules"
  | "scratchpads"
  | "search"
  | "settings"
  | "skills"
  | "specs"
  | "usage";

export function useRenew(): (...resources: Resource[]) => void {
  const queries = useQueryClient();
  return useCallback(
    (...resources) => {
      for (const resource of resources) void queries.invalidateQueries({ queryKey: [resource] });
    },
    [queries],
  );
}
