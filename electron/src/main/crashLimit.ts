/** How often something may end by itself before it is given up. Pure. */

export const MOST_CRASHES = 3;
export const WITHIN_MILLISECONDS = 60_000;

/** Those that count at a time: what is longer ago is forgotten. Times are of a clock that is never set, in ms. */
export const recent = <T extends { at: number }>(crashes: readonly T[], now: number): T[] =>
  crashes.filter(({ at }) => now - at < WITHIN_MILLISECONDS);
