/** Projects: reading, making, changing. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { components } from "./schema.gen";

type ProjectCreate = components["schemas"]["ProjectCreate"];
type ProjectPatch = components["schemas"]["ProjectPatch"];

export const projectsQuery = queryOptions({
  queryKey: ["projects", "list"],
  queryFn: ({ signal }) =>
    unwrap(client.GET("/api/v1/projects", { params: { query: { limit: 1000 } }, signal })),
});

export const projectQuery = (project_id: string) =>
  queryOptions({
    queryKey: ["projects", project_id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/projects/{project_id}", { params: { path: { project_id } }, signal })),
  });

export const createProject = (body: ProjectCreate) => unwrap(client.POST("/api/v1/projects", { body }));

export const updateProject = (project_id: string, body: ProjectPatch) =>
  unwrap(client.PATCH("/api/v1/projects/{project_id}", { params: { path: { project_id } }, body }));

export const deleteProject = (project_id: string) =>
  done(client.DELETE("/api/v1/projects/{project_id}", { params: { path: { project_id } } }));

export const projectExportUrl = (project_id: string) => `/api/v1/projects/${project_id}/export`;
