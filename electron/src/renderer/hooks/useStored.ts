/** Small things that this browser remembers: in localStorage, the same in all windows. */
import { useCallback, useSyncExternalStore } from "react";

const readers = new Set<() => void>();
const known = new Map<string, { text: string | null; value: unknown }>();
const tell = () => readers.forEach((reader) => reader());

globalThis.addEventListener("storage", tell);

function subscribe(reader: () => void): () => void {
  readers.add(reader);
  return () => readers.delete(reader);
}

/** The stored value; `absent` where there is none, or it cannot be read. */
export function readStored<T>(key: string, absent: T): T {
  let text: string | null = null;
  try {
    text = localStorage.getItem(key);
  } catch {
    // Storage that is switched off: nothing is remembered, and everything works.
  }
  const before = known.get(key);
  if (before?.text === text) return before.value as T;
  let value: unknown = absent;
  if (text !== null) {
    try {
      value = JSON.parse(text) as T;
    } catch {
      value = absent;
    }
  }
  known.set(key, { text, value });
  return value as T;
}

/** Remembers it; null forgets it. */
export function writeStored(key: string, value: unknown): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full or switched off: it is forgotten with the window.
  }
  tell();
}

/** Like `useState`, but kept under `key`. `absent` must keep its identity from call to call. */
export function useStored<T>(key: string, absent: T): [T, (value: T | null) => void] {
  const value = useSyncExternalStore(subscribe, () => readStored(key, absent));
  const set = useCallback((next: T | null) => writeStored(key, next), [key]);
  return [value, set];
}
