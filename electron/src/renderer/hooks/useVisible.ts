/** Whether somebody can see this window. */
import { useSyncExternalStore } from "react";

export function useVisible(): boolean {
  return useSyncExternalStore(subscribe, () => document.visibilityState === "visible");
}

function subscribe(reader: () => void): () => void {
  document.addEventListener("visibilitychange", reader);
  return () => document.removeEventListener("visibilitychange", reader);
}
