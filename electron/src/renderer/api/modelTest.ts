/** Tries a model before its key and address are stored. */
import { client, unwrap } from "./client";
import type { ModelTest } from "./types";

export const testModel = (body: ModelTest) => unwrap(client.POST("/api/v1/settings/model-test", { body }));
