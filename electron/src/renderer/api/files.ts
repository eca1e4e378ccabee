/** Files: reading, their text, changing. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";

/** Undefined: the files of all. */
export const filesQuery = (project_id: string | undefined) =>
  queryOptions({
    queryKey: ["files", "list", project_id ?? ""],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/files", { params: { query: project_id ? { project_id } : {} }, signal })),
  });

export const fileQuery = (file_id: string) =>
  queryOptions({
    queryKey: ["files", file_id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/files/{file_id}", { params: { path: { file_id } }, signal })),
  });

const PASSAGES = 100;

export const fileTextQuery = (file_id: string) =>
  infiniteQueryOptions({
    queryKey: ["files", file_id, "text"],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        client.GET("/api/v1/files/{file_id}/text", {
          params: { path: { file_id }, query: { limit: PASSAGES, offset: pageParam } },
          signal,
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => (last.has_more ? pages.length * PASSAGES : undefined),
  });

export const renameFile = (file_id: string, name: string) =>
  unwrap(client.PATCH("/api/v1/files/{file_id}", { params: { path: { file_id } }, body: { name } }));

export const deleteFile = (file_id: string) =>
  done(client.DELETE("/api/v1/files/{file_id}", { params: { path: { file_id } } }));

/** Its bytes, always as a download. */
export const fileContentUrl = (file_id: string) => `/api/v1/files/${file_id}/content`;
