/** The event logs that were recorded from a real server, by name. */
import type { Cell, CellEvent, Item, ResponseDetail, TurnEvent } from "@/api/types";

export interface RecordedTurn {
  events: TurnEvent[];
  response: ResponseDetail;
  item: Item | null;
}

export interface RecordedRun {
  events: CellEvent[];
  cell: Cell;
  output_cell: Cell | null;
}

const files = import.meta.glob<unknown>("../recorded/*.json", { eager: true, import: "default" });

const named = (prefix: string): [string, unknown][] =>
  Object.entries(files).flatMap(([path, recorded]) => {
    const name = path.replace(/^.*\/|\.json$/g, "");
    return name.startsWith(prefix) ? [[name, recorded]] : [];
  });

export const turns = named("turn_") as [string, RecordedTurn][];
export const runs = named("cell_") as [string, RecordedRun][];

export function turn(name: string): RecordedTurn {
  const found = turns.find(([one]) => one === name);
  if (!found) throw new Error(`No recording ${name}.`);
  return found[1];
}

export function run(name: string): RecordedRun {
  const found = runs.find(([one]) => one === name);
  if (!found) throw new Error(`No recording ${name}.`);
  return found[1];
}

/** Always the same numbers from 0 to 1. */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The events in batches of random sizes. */
export function batches<E>(events: readonly E[], random: () => number): E[][] {
  const made: E[][] = [];
  for (let from = 0; from < events.length;) {
    const size = 1 + Math.floor(random() * 5);
    made.push(events.slice(from, from + size));
    from += size;
  }
  return made;
}

const MOST_TRIES = 30;

/**
 * Whether twice the input takes at most about three times as long. Measured with four times the input, where what grows
 * with the square takes sixteen times as long; the best of some tries, since other work disturbs.
 */
export function isLinear<E>(
  work: (input: readonly E[]) => void,
  input: (size: number) => E[],
  size: number,
): boolean {
  const [few, many] = [input(size), input(4 * size)];
  const timed = (given: readonly E[]): number => {
    const begun = performance.now();
    work(given);
    return performance.now() - begun;
  };
  let [least, most] = [Infinity, Infinity];
  timed(few);
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    least = Math.min(least, timed(few));
    most = Math.min(most, timed(many));
    if (tries < 2) continue;
    if (most < 8 * least) return true;
    if (most > 14 * least) return false;
  }
  return false;
}
