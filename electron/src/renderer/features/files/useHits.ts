/** Steps through the hits of a text of which more is loaded as it is needed. */
import { useEffect, useState } from "react";

export interface Stepping {
  /** The hit that is shown, from 0; -1: none yet. */
  at: number;
  isLooking: boolean;
  next: () => void;
  previous: () => void;
}

interface Pages {
  hasNextPage: boolean;
  isFetching: boolean;
  isFetchNextPageError: boolean;
  fetchNextPage: () => Promise<unknown>;
}

/** `first`: the hit to begin with; null: it is in what is not loaded yet. */
export function useHits(q: string, hits: number, first: number | null, pages: Pages): Stepping {
  const [state, setState] = useState<{ q: string; at: number } | null>(null);
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = pages;
  const wanted = state?.q === q ? state.at : (first ?? hits);
  // The one after the last that is known may be in what is not loaded; where nothing is left, it is the first again.
  const isBeyond = wanted >= hits;
  const isLooking = q !== "" && isBeyond && hasNextPage && !isFetchNextPageError;
  const at = hits === 0 || isLooking ? -1 : wanted % hits;
  useEffect(() => {
    if (isLooking && !isFetching) void fetchNextPage();
  }, [isLooking, isFetching, fetchNextPage]);
  const step = (by: number) => {
    // Back from the first is the last of those that are known.
    if (at >= 0) setState({ q, at: by < 0 ? (at + by + hits) % hits : at + by });
  };
  return {
    at,
    isLooking,
    next: () => step(1),
    previous: () => step(-1),
  };
}
