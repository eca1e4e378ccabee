/** Search over everything that is kept. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { SearchHit } from "./types";

interface Filter {
  project_id?: string;
  kind?: SearchHit["kind"];
}

const search = (q: string, filter: Filter & { limit: number; cursor?: string }, signal: AbortSignal) =>
  unwrap(client.GET("/api/v1/search", { params: { query: { q, ...filter } }, signal }));

/** The best hits of all kinds, as they are shown while somebody types. */
export const quickSearchQuery = (q: string) =>
  queryOptions({
    queryKey: ["search", "quick", q],
    queryFn: ({ signal }) => search(q, { limit: 20 }, signal),
    enabled: q !== "",
    placeholderData: keepPreviousData,
    staleTime: 5_000,
  });

/** All hits, page by page. */
export const searchQuery = (q: string, filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ["search", "pages", q, filter],
    queryFn: ({ pageParam, signal }) =>
      search(q, { ...filter, limit: 20, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    enabled: q !== "",
    staleTime: 5_000,
  });
