/** Whether a media query holds. */
import { useCallback, useSyncExternalStore } from "react";

export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (reader: () => void) => {
      const asked = globalThis.matchMedia(query);
      asked.addEventListener("change", reader);
      return () => asked.removeEventListener("change", reader);
    },
    [query],
  );
  // Asked anew each time: in Chromium, a list that is read before it has told of its change does not tell of it any more.
  return useSyncExternalStore(subscribe, () => globalThis.matchMedia(query).matches);
}
