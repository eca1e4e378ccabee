/** Memories: reading, making, changing, and where they were used. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { Memory } from "./types";

interface Filter {
  /** Undefined: the global ones. */
  project_id?: string;
  source?: Memory["source"];
}

export const memoriesQuery = (filter: Filter) =>
  queryOptions({
    queryKey: ["memories", "list", filter],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/memories", { params: { query: filter }, signal })),
  });

export const memoryUsesQuery = (memory_id: string) =>
  queryOptions({
    queryKey: ["memories", memory_id, "uses"],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/memories/{memory_id}/uses", {
          params: { path: { memory_id }, query: { limit: 20 } },
          signal,
        }),
      ),
  });

export const createMemory = (content: string, project_id: string | null) =>
  unwrap(client.POST("/api/v1/memories", { body: { content, project_id } }));

export const updateMemory = (memory_id: string, content: string) =>
  unwrap(
    client.PATCH("/api/v1/memories/{memory_id}", { params: { path: { memory_id } }, body: { content } }),
  );

export const deleteMemory = (memory_id: string) =>
  done(client.DELETE("/api/v1/memories/{memory_id}", { params: { path: { memory_id } } }));
