/** Tries a model, and stores how it is reached once it has answered. */
import { useState } from "react";
import { ApiError, messageOf } from "@/api/client";
import { testModel } from "@/api/models";
import { putModelKey, updateSettings } from "@/api/settings";
import type { ModelTest, SettingsPatch } from "@/api/types";
import { useRenew } from "@/hooks/useRenew";

export interface Faults {
  key?: string;
  base_url?: string;
  model?: string;
  /** Of none of the fields. */
  form?: string;
}

/** What a kind of error says is wrong. */
const FIELD_OF: Readonly<Record<string, keyof Faults>> = {
  authentication: "key",
  permission: "key",
  billing: "key",
  model_not_found: "model",
  network: "base_url",
  timeout: "base_url",
  not_configured: "key",
};

export type Trying =
  | { is: "idle"; faults: Faults }
  | { is: "trying"; faults: Faults }
  | { is: "ready"; faults: Faults; model: string; milliseconds: number };

const NO_FAULTS: Faults = {};

/** `fields`: those that the form has; a fault of another is the form's. */
export function useTrying(fields: readonly (keyof Faults)[]) {
  const [state, setState] = useState<Trying>({ is: "idle", faults: NO_FAULTS });
  const renew = useRenew();
  const placed = (field: keyof Faults, words: string): Faults =>
    fields.includes(field) ? { [field]: words } : { form: words };
  const fail = (faults: Faults) => setState({ is: "idle", faults });

  const tryIt = async (test: ModelTest, settings: SettingsPatch): Promise<void> => {
    setState({ is: "trying", faults: NO_FAULTS });
    try {
      const { error, model, latency_ms } = await testModel(test);
      if (error) {
        fail(placed(FIELD_OF[error.type] ?? "form", error.message));
        return;
      }
      if (test.key) await putModelKey(test.key);
      if (Object.keys(settings).length > 0) await updateSettings(settings);
      renew("settings", "health", "models");
      setState({ is: "ready", faults: NO_FAULTS, model, milliseconds: latency_ms });
    } catch (error) {
      fail(faultsOf(error, fields));
    }
  };
  return { state, tryIt };
}

function faultsOf(error: unknown, fields: readonly (keyof Faults)[]): Faults {
  const of = error instanceof ApiError ? error.fields : {};
  const known = Object.entries(of).filter(([field]) => (fields as readonly string[]).includes(field));
  return known.length > 0 ? Object.fromEntries(known) : { form: messageOf(error) };
}
