/** The way from hit to hit in a text of which not all is loaded. */
import { act, renderHook } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { useHits } from "@/features/files/useHits";

const pages = (hasNextPage: boolean) => ({
  hasNextPage,
  isFetching: false,
  isFetchNextPageError: false,
  fetchNextPage: vi.fn(() => Promise.resolve()),
});

test("steps through the hits, and round", () => {
  const { result } = renderHook(() => useHits("tide", 2, 0, pages(false)));
  expect(result.current.at).toBe(0);
  act(result.current.next);
  expect(result.current.at).toBe(1);
  act(result.current.next);
  expect(result.current.at).toBe(0);
  act(result.current.previous);
  expect(result.current.at).toBe(1);
});

test("loads on until there is a hit", () => {
  const more = pages(true);
  const { result, rerender } = renderHook(({ hits }) => useHits("tide", hits, 0, more), {
    initialProps: { hits: 0 },
  });
  expect(result.current).toMatchObject({ at: -1, isLooking: true });
  expect(more.fetchNextPage).toHaveBeenCalledOnce();
  rerender({ hits: 1 });
  expect(result.current).toMatchObject({ at: 0, isLooking: false });
  act(result.current.next);
  expect(more.fetchNextPage).toHaveBeenCalledTimes(2);
});

test("does not load on where nothing is looked for, or loading has failed", () => {
  const more = pages(true);
  renderHook(() => useHits("", 0, 0, more));
  const failed = { ...pages(true), isFetchNextPageError: true };
  renderHook(() => useHits("tide", 0, 0, failed));
  expect(more.fetchNextPage).not.toHaveBeenCalled();
  expect(failed.fetchNextPage).not.toHaveBeenCalled();
});

test("begins anew with other words", () => {
  const { result, rerender } = renderHook(({ q }) => useHits(q, 3, 0, pages(false)), {
    initialProps: { q: "tide" },
  });
  act(result.current.next);
  rerender({ q: "ebb" });
  expect(result.current.at).toBe(0);
});

test("begins with the hit that is asked for, when it is loaded", () => {
  const more = pages(true);
  const { result, rerender } = renderHook(
    ({ hits, first }: { hits: number; first: number | null }) => useHits("tide", hits, first, more),
    { initialProps: { hits: 2, first: null as number | null } },
  );
  expect(result.current).toMatchObject({ at: -1, isLooking: true });
  rerender({ hits: 5, first: 3 });
  expect(result.current).toMatchObject({ at: 3, isLooking: false });
});
