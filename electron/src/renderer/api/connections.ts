/** Connector specs and connections: reading, making, changing, testing, signing in. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { ConnectionCreate, ConnectionPatch } from "./types";

export const specsQuery = queryOptions({
  queryKey: ["specs", "list"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/connectors/specs", { signal })),
});

export const specQuery = (spec_id: string) =>
  queryOptions({
    queryKey: ["specs", spec_id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/connectors/specs/{spec_id}", { params: { path: { spec_id } }, signal })),
  });

export const connectionsQuery = queryOptions({
  queryKey: ["connections", "list"],
  queryFn: ({ signal }) =>
    unwrap(client.GET("/api/v1/connectors/connections", { params: { query: { limit: 1000 } }, signal })),
});

const one = (connection_id: string) => ({ params: { path: { connection_id } } });

export const connectionQuery = (id: string) =>
  queryOptions({
    queryKey: ["connections", id],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/connectors/connections/{connection_id}", { ...one(id), signal })),
    // The server tells when its test has ended; this is for a window that does not hear it.
    refetchInterval: ({ state }) => state.data?.status === "pending" && 3_000,
  });

export const catalogQuery = (id: string) =>
  queryOptions({
    queryKey: ["connections", id, "catalog"],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/connectors/connections/{connection_id}/catalog", { ...one(id), signal })),
  });

export const connectionToolsQuery = (id: string) =>
  queryOptions({
    queryKey: ["connections", id, "tools"],
    queryFn: ({ signal }) =>
      unwrap(client.GET("/api/v1/connectors/connections/{connection_id}/tools", { ...one(id), signal })),
  });

export const createConnection = (body: ConnectionCreate) =>
  unwrap(client.POST("/api/v1/connectors/connections", { body }));

export const updateConnection = (id: string, body: ConnectionPatch) =>
  unwrap(client.PATCH("/api/v1/connectors/connections/{connection_id}", { ...one(id), body }));

export const deleteConnection = (id: string) =>
  done(client.DELETE("/api/v1/connectors/connections/{connection_id}", one(id)));

/** Answers when the test has ended. */
export const testConnection = (id: string) =>
  unwrap(client.POST("/api/v1/connectors/connections/{connection_id}/test", one(id)));

export const acceptConnectionTools = (id: string) =>
  unwrap(client.POST("/api/v1/connectors/connections/{connection_id}/tools/accept", one(id)));

interface SignIn {
  name?: string;
  connection_id?: string;
  access?: "read" | "write";
}

export const startOAuth = (spec: string, query: SignIn) =>
  unwrap(client.GET("/api/v1/connectors/oauth/{spec}/start", { params: { path: { spec }, query } }));
