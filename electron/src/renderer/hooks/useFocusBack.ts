/** The focus goes back to what opened an editor, once that is rendered again in the editor's place. */
import { useCallback, useLayoutEffect, useRef } from "react";
import type { RefObject } from "react";

/** The element's ref, and what to call where the editor closes: the rendering that follows gives the focus. */
export function useFocusBack<T extends HTMLElement>(): [RefObject<T | null>, () => void] {
  const element = useRef<T>(null);
  const isDue = useRef(false);
  useLayoutEffect(() => {
    if (!isDue.current || !element.current) return;
    isDue.current = false;
    element.current.focus();
  });
  const giveBack = useCallback(() => {
    isDue.current = true;
  }, []);
  return [element, giveBack];
}
