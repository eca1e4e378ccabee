/** The run of a cell that a window follows: the one that is under way, or the first that waits. */
import type { ReadOptions } from "@/api/events";
import type { CellEvent } from "@/api/types";
import { INITIAL_RUN, reduceCellRun, type CellRunState } from "@/state/cellRun";

export type Follow = (cellId: string, options: ReadOptions<CellEvent>) => Promise<void>;

interface Reader {
  heard: (key: string, state: CellRunState) => void;
  /** The state is not final where the run could not be followed to its end. */
  ended: (key: string, state: CellRunState) => void;
}

/** One at a time: a browser has six connections to a server, for all windows together, and every stream holds one. */
export class Followed {
  private open: AbortController | null = null;

  constructor(
    private readonly follow: Follow,
    private readonly reader: Reader,
  ) {}

  /** The runs that there are, in the order in which they will end. */
  attend([first]: readonly { key: string; cell: { id: string } }[]): void {
    if (first && !this.open) void this.read(first.key, first.cell.id);
  }

  close(): void {
    this.open?.abort();
    this.open = null;
  }

  private async read(key: string, cellId: string): Promise<void> {
    const reading = new AbortController();
    this.open = reading;
    let state = INITIAL_RUN;
    const onEvents = (events: CellEvent[]) => {
      state = reduceCellRun(state, events);
      if (state.status === "running") this.reader.heard(key, state);
    };
    // A cell that was deleted has no run: the notebook is told of that by itself.
    await this.follow(cellId, { signal: reading.signal, onEvents }).catch(() => undefined);
    if (reading.signal.aborted) return;
    this.open = null;
    this.reader.ended(key, state);
  }
}
