/** Runs of cells that a window follows: the one that is under way and the next, as each takes a connection. */
import type { ReadOptions } from "@/api/events";
import type { CellEvent } from "@/api/types";
import { INITIAL_RUN, reduceCellRun, type CellRunState } from "@/state/cellRun";

const AT_ONCE = 2;

export type Follow = (cellId: string, options: ReadOptions<CellEvent>) => Promise<void>;

interface Reader {
  heard: (key: string, state: CellRunState) => void;
  /** The state is not final where the run could not be followed to its end. */
  ended: (key: string, state: CellRunState) => void;
}

export class Followed {
  private readonly open = new Map<string, AbortController>();

  constructor(
    private readonly follow: Follow,
    private readonly reader: Reader,
  ) {}

  /** The runs that there are, in the order in which they will end. */
  attend(active: readonly { key: string; cell: { id: string } }[]): void {
    for (const { key, cell } of active.slice(0, AT_ONCE)) {
      if (!this.open.has(key)) void this.read(key, cell.id);
    }
  }

  close(): void {
    this.open.forEach((reading) => reading.abort());
    this.open.clear();
  }

  private async read(key: string, cellId: string): Promise<void> {
    const reading = new AbortController();
    this.open.set(key, reading);
    let state = INITIAL_RUN;
    const onEvents = (events: CellEvent[]) => {
      state = reduceCellRun(state, events);
      if (state.status === "running") this.reader.heard(key, state);
    };
    // A cell that was deleted has no run: the notebook is told of that by itself.
    await this.follow(cellId, { signal: reading.signal, onEvents }).catch(() => undefined);
    if (reading.signal.aborted) return;
    this.open.delete(key);
    this.reader.ended(key, state);
  }
}
