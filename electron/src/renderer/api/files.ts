/** Files: reading, their text, changing. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { FileView } from "./types";

const FILES = 1000;

/** All files of a project, the newest first; undefined: of all projects and tasks. */
export const filesQuery = (project_id: string | undefined) =>
  queryOptions({
    queryKey: ["files", "list", project_id ?? ""],
    queryFn: async ({ signal }) => {
      const files = new Map<string, FileView>();
      const filter = project_id === undefined ? {} : { project_id };
      for (let offset = 0, hasMore = true; hasMore;) {
        const query = { ...filter, limit: FILES, offset };
        const page = await unwrap(client.GET("/api/v1/files", { params: { query }, signal }));
        // What is added meanwhile moves the rest: a file may come twice.
        for (const file of page.data) files.set(file.id, file);
        hasMore = page.has_more;
        offset += FILES;
      }
      return [...files.values()];
    },
  });

/** The newest files of a project; of all where none is named. */
export const newestFilesQuery = (project_id: string | null) =>
  queryOptions({
    queryKey: ["files", "newest", project_id],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/files", {
          params: { query: { limit: 20, ...(project_id === null ? {} : { project_id }) } },
          signal,
        }),
      ),
  });

export const fileQuery = (file_id: string) =>
  queryOptions({
    queryKey: ["files", file_id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/files/{file_id}", { params: { path: { file_id } }, signal })),
  });

const PASSAGES = 40;

/** Its text, which does not change any more where its state does not: what becomes of other files does not renew it. */
export const fileTextQuery = ({ id: file_id, text_status }: FileView) =>
  infiniteQueryOptions({
    queryKey: ["file-texts", file_id, text_status],
    staleTime: Infinity,
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
