/** Whether an element has been near to what is seen: until then it need not be made in full. */
import { useEffect, useState, type RefObject } from "react";

const observers = new WeakMap<
  Element,
  { observer: IntersectionObserver; readers: Map<Element, () => void> }
>();

export function useNear(ref: RefObject<Element | null>, scroller: HTMLElement | null): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    const element = ref.current;
    if (!element || !scroller || isNear) return;
    const { observer, readers } = observerOf(scroller);
    readers.set(element, () => setNear(true));
    observer.observe(element);
    return () => {
      readers.delete(element);
      observer.unobserve(element);
    };
  }, [ref, scroller, isNear]);
  return isNear;
}

function observerOf(scroller: HTMLElement) {
  const known = observers.get(scroller);
  if (known) return known;
  const readers = new Map<Element, () => void>();
  const observer = new IntersectionObserver(
    (seen) => seen.forEach(({ isIntersecting, target }) => isIntersecting && readers.get(target)?.()),
    { root: scroller, rootMargin: "100% 0px" },
  );
  const made = { observer, readers };
  observers.set(scroller, made);
  return made;
}
