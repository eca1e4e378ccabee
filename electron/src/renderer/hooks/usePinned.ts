/** Keeps the end of what grows in sight, unless somebody has scrolled away from it. */
import { useLayoutEffect, useRef, type RefObject } from "react";

const NEAR = 24;

export function usePinned<E extends HTMLElement>(text: string): RefObject<E | null> {
  const box = useRef<E>(null);
  const height = useRef<number>(undefined);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const before = height.current;
    height.current = element.scrollHeight;
    if (before === undefined || before === element.scrollHeight) return;
    if (before - element.scrollTop - element.clientHeight < NEAR) element.scrollTop = element.scrollHeight;
  }, [text]);
  return box;
}
