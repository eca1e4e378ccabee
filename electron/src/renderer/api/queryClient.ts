/** How server state is kept: what is shown is fetched once, kept, and renewed when the server tells of a change. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The server is on this machine, and answers without any network.
        networkMode: "always",
        staleTime: 30_000,
        // An answer that says no says it again; silence may end.
        retry: (failures, error) => error instanceof ApiError && error.isUnreachable && failures < 3,
        retryDelay: (attempt) => Math.min(250 * 2 ** attempt, 3_000),
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
