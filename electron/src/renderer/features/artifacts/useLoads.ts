/** When an artifact's page is to be loaded anew: with each version, once it is stored and once its folder shows it. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { Artifact, ServerEvent } from "@/api/types";
import { useServerEvents } from "@/hooks/live";

/** Milliseconds after a version in which its folder is laid out; later changes, as of the title, are no reason. */
const SOON = 10_000;

/** A key of the frame that shows it. */
export function useLoads({ id, version }: Artifact): string {
  const changedAt = useRef(0);
  const [loads, setLoads] = useState(0);
  useEffect(() => {
    changedAt.current = Date.now();
  }, [version]);
  useServerEvents(
    useCallback(
      (event: ServerEvent) => {
        const isOfThis =
          event.type === "resource.changed" && event.resource === "artifact" && event.id === id;
        if (isOfThis && Date.now() - changedAt.current < SOON) setLoads((before) => before + 1);
      },
      [id],
    ),
  );
  return `${version} ${loads}`;
}
