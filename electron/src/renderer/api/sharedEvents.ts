/**
 * One window of a browser follows the server and tells the others: a browser makes six connections to a server for all
 * its windows together, and each one that followed by itself would keep one for good.
 *
 * Whoever holds a lock leads. The browser takes the lock back from a window that is closed or has crashed, and the next
 * one goes on behind the last event that it has heard of. A window that comes into sight takes the lead, since the timers
 * of windows out of sight are late, and one that hangs would pass nothing on.
 */
import { followServer, type ReadOptions } from "./events";
import type { ConnectionState } from "../../shared/following";
import type { ServerEvent } from "./types";

const NAME = "cowork.events";
/** Changes of one moment come together, and what is renewed is out of the way of the answer that streams in. */
const MOMENT = 250;

type Message =
  | { type: "asked" }
  | { type: "leads"; state: ConnectionState; last: Last | null }
  | { type: "heard"; events: ServerEvent[] };

/** The last event that there was, and which run of the server it is of. */
interface Last {
  instanceId: string;
  number: number;
}

export type SharingOptions = Pick<ReadOptions<ServerEvent>, "onEvents"> & {
  signal: AbortSignal;
  onState: (state: ConnectionState) => void;
};

/** What the server tells all windows, until `signal` is aborted. Throws ApiError where the server refuses. */
export async function followServerTogether(options: SharingOptions): Promise<void> {
  const sharing = new Sharing(options);
  try {
    await sharing.follow();
  } finally {
    sharing.close();
  }
}

class Sharing {
  private readonly channel = new BroadcastChannel(NAME);
  private state: ConnectionState = "connecting";
  private last: Last | null = null;
  private arrived: ServerEvent[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  private waiting = new AbortController();
  private takesLead = false;
  private leading: AbortController | null = null;

  constructor(private readonly options: SharingOptions) {
    this.channel.addEventListener("message", ({ data }) => this.hear(data as Message));
    document.addEventListener("visibilitychange", this.look);
    options.signal.addEventListener("abort", this.close);
    this.tell({ type: "asked" });
  }

  /** Leads whenever it is this window's turn. */
  async follow(): Promise<void> {
    // Only pages of this machine and those that came encrypted have them.
    const locks = navigator.locks as LockManager | null | undefined;
    if (!locks) return this.lead();
    while (!this.options.signal.aborted) {
      try {
        const how = this.takesLead ? { steal: true } : { signal: this.waiting.signal };
        await locks.request(NAME, how, () => this.lead());
        return;
      } catch (error) {
        // Another window has taken the lead, or this one no longer waits for it.
        if (!(error instanceof DOMException)) throw error;
        this.leading?.abort();
        this.leading = null;
      }
    }
  }

  readonly close = (): void => {
    this.options.signal.removeEventListener("abort", this.close);
    document.removeEventListener("visibilitychange", this.look);
    this.channel.close();
    this.waiting.abort();
    this.leading?.abort();
    clearTimeout(this.timer);
  };

  private lead(): Promise<void> {
    this.takesLead = false;
    const { signal } = (this.leading = new AbortController());
    const { last } = this;
    let isFromNowOn = last === null;
    return followServer({
      signal,
      after: last && `${last.instanceId}:${last.number}`,
      onState: (state) => {
        // The server is there, and only who listens changes.
        if (signal.aborted || (state === "connecting" && this.state === "live")) return;
        this.show(state);
        this.tell({ type: "leads", state, last: this.last });
      },
      onEvents: (events) => {
        if (signal.aborted) return;
        this.take(events);
        // Where the others were is not known: they may have missed some.
        this.tell({ type: "heard", events: isFromNowOn ? events.map(incomplete) : events });
        isFromNowOn = false;
      },
    });
  }

  private hear(message: Message): void {
    if (message.type === "asked") {
      if (this.leading) this.tell({ type: "leads", state: this.state, last: this.last });
    } else if (!this.leading) {
      if (message.type === "heard") this.take(message.events);
      else {
        this.last ??= message.last;
        this.show(message.state);
      }
    }
  }

  private take(events: ServerEvent[]): void {
    const unseen = events.filter((event) => this.isNew(event));
    if (unseen.length === 0) return;
    this.arrived.push(...unseen);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.options.onEvents(this.arrived.splice(0));
    }, MOMENT);
  }

  /** A window that takes the lead is sent again what the one before has told meanwhile. */
  private isNew(event: ServerEvent): boolean {
    const { last } = this;
    const { sequence_number: number } = event;
    if (event.type === "stream.opened") {
      const isAnother = last?.instanceId !== event.instance_id;
      if (isAnother || number > last.number) this.last = { instanceId: event.instance_id, number };
      return true;
    }
    if (last && number <= last.number) return false;
    if (last) this.last = { ...last, number };
    return true;
  }

  private show(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    this.options.onState(state);
  }

  private readonly look = (): void => {
    if (document.visibilityState !== "visible" || this.leading) return;
    this.takesLead = true;
    this.waiting.abort();
    this.waiting = new AbortController();
  };

  private tell(message: Message): void {
    this.channel.postMessage(message);
  }
}

const incomplete = (event: ServerEvent): ServerEvent =>
  event.type === "stream.opened" ? { ...event, is_complete: false } : event;
