/** A thread that stays at its end while it grows: for the component that renders it. */
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from "react";
import { EndKeeper } from "./endKeeper";

interface Sticking {
  /** What scrolls, and what grows in it. */
  area: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  isAtEnd: boolean;
  jumpToEnd: () => void;
  /** Stays where it is, whatever comes. */
  letGo: () => void;
}

export function useStickToEnd(): Sticking {
  const area = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const keeper = useRef<EndKeeper>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  useLayoutEffect(() => {
    if (!area.current || !content.current) return;
    const made = new EndKeeper(area.current, content.current, setAtEnd);
    keeper.current = made;
    return () => made.stop();
  }, []);
  const jumpToEnd = useCallback(() => keeper.current?.jump(), []);
  const letGo = useCallback(() => keeper.current?.letGo(), []);
  return { area, content, isAtEnd, jumpToEnd, letGo };
}
