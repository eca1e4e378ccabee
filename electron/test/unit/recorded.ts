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

const TIMES = 8;
const MOST_TRIES = 25;

/**
 * Whether the work grows as its input does: so many times the input at once must take about as long as the input so many
 * times, where what grows with the square takes eight times as long. Of the processor's time, and the best of some tries,
 * since other work disturbs.
 */
export function isLinear<E>(
  work: (input: readonly E[]) => void,
  input: (size: number) => E[],
  size: number,
): boolean {
  const [few, many] = [input(size), input(TIMES * size)];
  const timed = (times: number, given: readonly E[]): number => {
    const begun = process.cpuUsage();
    for (let time = 0; time < times; time += 1) work(given);
    const { user, system } = process.cpuUsage(begun);
    return user + system;
  };
  let [apart, together] = [Infinity, Infinity];
  timed(1, few);
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    apart = Math.min(apart, timed(TIMES, few));
    together = Math.min(together, timed(1, many));
    if (tries >= 3 && together < 3 * apart) return true;
    if (tries >= 10 && together > 6 * apart) return false;
  }
  return false;
}
