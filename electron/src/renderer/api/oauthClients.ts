/** The OAuth clients that connections sign in with. */
import { queryOptions } from "@tanstack/react-query";
import { client, done, unwrap } from "./client";
import type { components } from "./schema.gen";

export const oauthClientsQuery = queryOptions({
  queryKey: ["settings", "oauth-clients"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/settings/oauth-clients", { signal })),
});

export const putOAuthClient = (provider: string, body: components["schemas"]["OAuthClientPut"]) =>
  unwrap(client.PUT("/api/v1/settings/oauth-clients/{provider}", { params: { path: { provider } }, body }));

export const deleteOAuthClient = (provider: string) =>
  done(client.DELETE("/api/v1/settings/oauth-clients/{provider}", { params: { path: { provider } } }));
