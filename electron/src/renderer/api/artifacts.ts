/** Artifacts: reading, their versions, opening, changing. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { Artifact, ArtifactType } from "./types";

interface Filter {
  project_id?: string;
  type?: ArtifactType;
}

export const artifactsQuery = (filter: Filter = {}) =>
  queryOptions({
    queryKey: ["artifacts", "list", filter],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/artifacts", { params: { query: { ...filter, limit: 1000 } }, signal })),
  });

export const artifactQuery = (artifact_id: string) =>
  queryOptions({
    queryKey: ["artifacts", artifact_id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/artifacts/{artifact_id}", { params: { path: { artifact_id } }, signal })),
  });

/** Where it runs, and its text; of an earlier version if one is named. */
export const previewQuery = ({ project_id, path, id }: Artifact, version?: number) =>
  queryOptions({
    queryKey: ["artifacts", id, "preview", path, version ?? "current"],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/artifacts/preview", {
          params: { query: { project_id, path, ...(version ? { version } : {}) } },
          signal,
        }),
      ),
  });

const textOf = async ({ project_id, path }: Artifact, version: number, signal: AbortSignal) => {
  const query = { project_id, path, version };
  const { content, truncated } = await unwrap(
    client.GET("/api/v1/artifacts/preview", { params: { query }, signal }),
  );
  return { text: content, isCut: truncated };
};

/** The same file of two versions: the Markdown that a document was made of where both have it, else the page. */
export const textsQuery = (artifact: Artifact, from: number, to: number) =>
  queryOptions({
    queryKey: ["artifacts", artifact.id, "texts", from, to],
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const folder = artifact.path.slice(0, artifact.path.indexOf("/"));
      const both = (path: string) =>
        Promise.all([from, to].map((version) => textOf({ ...artifact, path }, version, signal)));
      const isDocument = artifact.type === "doc" || artifact.type === "report";
      const source = isDocument ? await both(`${folder}/document.md`).catch(() => null) : null;
      const name = source ? "document.md" : artifact.path.slice(folder.length + 1);
      const [before, after] = source ?? (await both(artifact.path));
      return { name, before, after };
    },
  });

export const versionsQuery = (artifact_id: string) =>
  queryOptions({
    queryKey: ["artifacts", artifact_id, "versions"],
    queryFn: ({ signal }) =>
      unwrap(
        client.GET("/api/v1/artifacts/{artifact_id}/versions", {
          params: { path: { artifact_id }, query: { limit: 1000 } },
          signal,
        }),
      ),
  });

export const restoreVersion = (artifact_id: string, version: number) =>
  unwrap(
    client.POST("/api/v1/artifacts/{artifact_id}/versions/{version}/restore", {
      params: { path: { artifact_id, version: String(version) } },
    }),
  );

export const renameArtifact = (artifact_id: string, title: string) =>
  unwrap(
    client.PATCH("/api/v1/artifacts/{artifact_id}", { params: { path: { artifact_id } }, body: { title } }),
  );

export const openArtifact = (artifact_id: string) =>
  unwrap(client.POST("/api/v1/artifacts/open", { body: { artifact_id } }));

export const deleteArtifact = (artifact_id: string) =>
  done(client.DELETE("/api/v1/artifacts/{artifact_id}", { params: { path: { artifact_id } } }));

export const artifactExportUrl = (artifact_id: string) => `/api/v1/artifacts/${artifact_id}/export`;
