/** Keeps a thread at its end while it grows, until somebody scrolls up. */
import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** So near to the end that it is the end. */
const AT_END = 8;
const UPWARD = new Set(["ArrowUp", "PageUp", "Home"]);

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
  const [isAtEnd, setAtEnd] = useState(true);
  const isStuck = useRef(true);

  useLayoutEffect(() => {
    const [scrolled, inner] = [area.current, content.current];
    if (!scrolled || !inner) return;
    const away = () => scrolled.scrollHeight - scrolled.clientHeight - scrolled.scrollTop;
    const keep = () => {
      if (isStuck.current) scrolled.scrollTop = scrolled.scrollHeight;
    };
    let before = scrolled.scrollTop;
    let isHeld = false;
    // The list moves the place by itself when it has measured something: only what a person does lets go.
    const onScroll = () => {
      const isNear = away() <= AT_END;
      if (isNear) isStuck.current = true;
      else if (isHeld && scrolled.scrollTop < before - 1) isStuck.current = false;
      before = scrolled.scrollTop;
      setAtEnd(isNear || isStuck.current);
    };
    const letGo = () => {
      if (scrolled.scrollHeight > scrolled.clientHeight) isStuck.current = false;
    };
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && letGo();
    const onKey = (event: KeyboardEvent) => UPWARD.has(event.key) && !isText(event.target) && letGo();
    const hold = () => (isHeld = true);
    const release = () => (isHeld = false);

    const sizes = new ResizeObserver(keep);
    sizes.observe(inner);
    sizes.observe(scrolled);
    scrolled.addEventListener("scroll", onScroll, { passive: true });
    scrolled.addEventListener("wheel", onWheel, { passive: true });
    scrolled.addEventListener("keydown", onKey);
    scrolled.addEventListener("pointerdown", hold);
    scrolled.addEventListener("touchstart", hold, { passive: true });
    globalThis.addEventListener("pointerup", release);
    globalThis.addEventListener("touchend", release);
    return () => {
      sizes.disconnect();
      scrolled.removeEventListener("scroll", onScroll);
      scrolled.removeEventListener("wheel", onWheel);
      scrolled.removeEventListener("keydown", onKey);
      scrolled.removeEventListener("pointerdown", hold);
      scrolled.removeEventListener("touchstart", hold);
      globalThis.removeEventListener("pointerup", release);
      globalThis.removeEventListener("touchend", release);
    };
  }, []);

  const jumpToEnd = useCallback(() => {
    isStuck.current = true;
    setAtEnd(true);
    area.current?.scrollTo({ top: area.current.scrollHeight });
  }, []);
  const letGo = useCallback(() => {
    isStuck.current = false;
  }, []);
  return { area, content, isAtEnd, jumpToEnd, letGo };
}

const isText = (target: EventTarget | null): boolean =>
  target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;
