/** What a cron expression means while it is typed: the last that was good stays while it is not. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "@/api/client";
import { previewQuery } from "@/api/schedules";
import type { Preview } from "@/api/types";
import { useDebounced } from "@/hooks/useDebounced";

const PAUSE = 200;

interface Typed {
  cron: string;
  timezone: string;
  projectId: string;
  scheduleId: string | undefined;
}

interface Previewing {
  /** The last that was good. */
  preview: Preview | undefined;
  /** It is not of what is typed now. */
  isOld: boolean;
  faults: Record<string, string>;
  /** Where it is no field's fault. */
  error: unknown;
  retry: () => void;
}

export function usePreview({ cron, timezone, projectId, scheduleId }: Typed): Previewing {
  const settled = useDebounced(cron, PAUSE);
  const asked = useQuery({
    ...previewQuery({
      cron: settled.trim(),
      timezone,
      ...(projectId && { project_id: projectId }),
      ...(scheduleId && { schedule_id: scheduleId }),
    }),
    enabled: settled.trim() !== "",
  });
  const [good, setGood] = useState(asked.data);
  if (asked.data && asked.data !== good) setGood(asked.data);
  const faults = asked.error instanceof ApiError ? asked.error.fields : {};
  return {
    preview: asked.data ?? good,
    isOld: settled !== cron || !asked.data,
    faults,
    error: Object.keys(faults).length > 0 ? null : asked.error,
    retry: () => void asked.refetch(),
  };
}
