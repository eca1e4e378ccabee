/** Saves settings as they are changed: each by itself, with its own fault. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, messageOf } from "@/api/client";
import { settingsQuery, updateSettings } from "@/api/settings";
import type { SettingsPatch } from "@/api/types";

export interface Saving {
  is: "idle" | "saving" | "saved";
  error?: string;
}

/** `save` is true where the server took it. */
export function useSaving(): [Saving, (patch: SettingsPatch) => Promise<boolean>] {
  const queries = useQueryClient();
  const [state, setState] = useState<Saving>({ is: "idle" });
  const save = async (patch: SettingsPatch) => {
    setState({ is: "saving" });
    try {
      queries.setQueryData(settingsQuery.queryKey, await updateSettings(patch));
      setState({ is: "saved" });
      return true;
    } catch (error) {
      const [told] = error instanceof ApiError ? Object.values(error.fields) : [];
      setState({ is: "idle", error: told ?? messageOf(error) });
      return false;
    }
  };
  return [state, save];
}
