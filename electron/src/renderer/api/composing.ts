/** What a new message can be about and take along: models, skills, files and connections that are there. */
import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "./client";

export const modelsQuery = queryOptions({
  queryKey: ["models", "offered"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/models", { signal })),
});

export const offeredSkillsQuery = queryOptions({
  queryKey: ["skills", "offered"],
  queryFn: ({ signal }) =>
    unwrap(client.GET("/api/v1/skills", { params: { query: { limit: 1000 } }, signal })),
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

export const offeredConnectionsQuery = queryOptions({
  queryKey: ["connections", "offered"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/connectors/connections", { signal })),
});
