/** Tokens and what they cost, by list prices. */
import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "./client";

export type UsageGroupBy = "day" | "day_model" | "model" | "conversation" | "project";

/** `since`: the first day, `2026-06-11`, UTC; undefined: from the beginning. */
export const usageQuery = (group_by: UsageGroupBy, since: string | undefined) =>
  queryOptions({
    queryKey: ["usage", group_by, since ?? ""],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/usage", { params: { query: { group_by, ...(since ? { since } : {}) } }, signal }),
      ),
  });
