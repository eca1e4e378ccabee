/** What the parts of a notebook's view share. */
import { createContext, use, useSyncExternalStore } from "react";
import type { CellStore } from "./CellStore";
import type { Entry } from "./entries";
import type { Deed } from "./keys";
import type { Notebook } from "./Notebook";

interface Shared {
  notebook: Notebook;
  perform: (deed: Deed, key: string) => void;
  /** What scrolls. */
  scroller: HTMLElement | null;
}

export const NotebookContext = createContext<Shared | null>(null);

export function useShared(): Shared {
  const shared = use(NotebookContext);
  if (!shared) throw new Error("A cell needs its notebook.");
  return shared;
}

/** A piece of the cells' state, which keeps its identity while it is the same. */
export function useCells<T>(notebook: Notebook, piece: (cells: CellStore) => T): T {
  return useSyncExternalStore(notebook.cells.subscribe, () => piece(notebook.cells));
}

export function useEntry(key: string): Entry | undefined {
  return useCells(useShared().notebook, (cells) => cells.entry(key));
}
