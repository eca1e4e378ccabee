/** The models that can be chosen, and whether one answers. */
import { queryOptions } from "@tanstack/react-query";
import { client, unwrap } from "./client";
import type { ModelTest } from "./types";

export const modelsQuery = queryOptions({
  queryKey: ["models", "list"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/models", { signal })),
});

/** Tries a model before its key and address are stored. */
export const testModel = (body: ModelTest) => unwrap(client.POST("/api/v1/settings/model-test", { body }));
