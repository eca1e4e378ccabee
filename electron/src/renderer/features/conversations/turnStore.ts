/** A turn that is followed: a small store, so that of a long thread only that is rendered anew which has changed. */
import { followTurn } from "@/api/events";
import type { TurnEvent } from "@/api/types";
import { initialTurn, reduceTurn, type TurnState } from "@/state/turn";

export class TurnStore {
  private state: TurnState;
  private readonly readers = new Set<() => void>();

  constructor(
    readonly responseId: string,
    conversationId: string,
  ) {
    this.state = initialTurn(responseId, conversationId);
  }

  readonly get = (): TurnState => this.state;

  readonly subscribe = (reader: () => void): (() => void) => {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  };

  readonly feed = (events: readonly TurnEvent[]): void => {
    const next = reduceTurn(this.state, events);
    if (next === this.state) return;
    this.state = next;
    this.readers.forEach((reader) => reader());
  };

  /** From where it stands to its end, or until the answer is called. */
  follow(onFailed: (error: unknown) => void): () => void {
    const stopped = new AbortController();
    if (this.state.status === "running") {
      const { sequenceNumber } = this.state;
      void followTurn(this.responseId, {
        signal: stopped.signal,
        after: sequenceNumber < 0 ? null : sequenceNumber,
        onEvents: this.feed,
      }).catch((error: unknown) => {
        if (!stopped.signal.aborted) onFailed(error);
      });
    }
    return () => stopped.abort();
  }
}
