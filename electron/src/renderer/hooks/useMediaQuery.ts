/** Whether a media query holds. */
import { useSyncExternalStore } from "react";

export function useMediaQuery(query: string): boolean {
  return useSyncExternalStore(
    (reader) => {
      const asked = globalThis.matchMedia(query);
      asked.addEventListener("change", reader);
      return () => asked.removeEventListener("change", reader);
    },
    () => globalThis.matchMedia(query).matches,
  );
}
