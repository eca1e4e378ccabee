/** The user's settings, the provider's key, and the server's health. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { components } from "./schema.gen";

type SettingsPatch = components["schemas"]["SettingsPatch"];

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/settings", { signal })),
});

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/health", { signal })),
});

export const updateSettings = (body: SettingsPatch) => unwrap(client.PATCH("/api/v1/settings", { body }));

export const putModelKey = (key: string) => done(client.PUT("/api/v1/settings/model-key", { body: { key } }));

export const deleteModelKey = () => done(client.DELETE("/api/v1/settings/model-key", {}));
