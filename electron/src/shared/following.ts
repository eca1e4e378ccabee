/** Follows a stream of events across cuts: none twice, none out of order. */
import { ApiError, toApiError } from "./apiError";
import { FrameParser } from "./sse";

/** `waiting`: the connection is lost, and tried again after a moment. */
export type ConnectionState = "connecting" | "live" | "waiting";

/** What every event on the wire has. */
export interface StreamEvent {
  type: string;
  sequence_number: number;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;
/** The server says something every 15 s; after a sleep of the machine a dead connection can look alive. */
const LONGEST_SILENCE = 40_000;

export interface Connecting<E> {
  /** Of the last event that there was: the server goes on behind it. Null: from the first event on. */
  lastEventId: string | null;
  last: E | null;
  signal: AbortSignal;
}

/** Asks for the stream. It must be safe to repeat. */
export type Open<E> = (connecting: Connecting<E>) => Promise<Response>;

export interface FollowOptions<E> {
  signal?: AbortSignal | undefined;
  /** The event after which to begin: its sequence number, or its id. */
  after?: number | string | null | undefined;
  onState?: ((state: ConnectionState) => void) | undefined;
  onOpen?: ((response: Response) => void) | undefined;
  /** The event that ends the stream: without one it is followed for ever. */
  isLast?: ((event: E) => boolean) | undefined;
  /** Waited for before what has arrived is given out: events come together that nobody could tell apart. */
  pace?: (() => Promise<unknown>) | undefined;
}

/**
 * All events, those that arrive together in one array, until the last or until `signal` is aborted. A lost connection is
 * made again. Throws ApiError where the server refuses (a status below 500), or sends what is no event.
 */
export async function* followEvents<E extends StreamEvent>(
  open: Open<E>,
  options: FollowOptions<E> = {},
): AsyncGenerator<E[], void, undefined> {
  const { signal, isLast, pace } = options;
  const seen = new Seen<E>(options.after ?? null);
  let failures = 0;
  while (!signal?.aborted) {
    options.onState?.("connecting");
    const connection = new Connection<E>(seen, isLast, signal);
    try {
      if (await connection.open(open)) {
        options.onState?.("live");
        if (connection.response) options.onOpen?.(connection.response);
      }
      while (await connection.hasMore()) {
        await pace?.();
        if (signal?.aborted) return;
        failures = 0;
        const events = connection.take();
        if (events.length > 0) yield events;
      }
      if (connection.fault) throw connection.fault;
      if (connection.isAtEnd) return;
    } finally {
      connection.close();
    }
    if (signal?.aborted) return;
    options.onState?.("waiting");
    await waited(waitBefore(failures, connection.retryMilliseconds), signal);
    failures += 1;
  }
}

/** Which events there were. */
class Seen<E extends StreamEvent> {
  lastEventId: string | null;
  last: E | null = null;
  /** Whose numbers they are: a run of the server or of a cell. Null: not known yet. */
  private source: string | null = null;
  private number: number;

  constructor(after: number | string | null) {
    this.lastEventId = after === null ? null : String(after);
    const [source, number] = partsOf(this.lastEventId ?? "");
    this.number = number ?? -Infinity;
    if (source !== "") this.source = source;
  }

  /** Whether the event comes after all that there were, which it then is one of. */
  isNew(event: E, id: string): boolean {
    const source = sourceOf(event) ?? partsOf(id)[0];
    const isOfAnother = this.source !== null && this.source !== source;
    // What opens a stream takes no number of its own: it has that of the event before.
    const isMark = event.type === "stream.opened";
    if (!isOfAnother && !isMark && event.sequence_number <= this.number) return false;
    this.source = source;
    this.number = event.sequence_number;
    this.last = event;
    if (id !== "") this.lastEventId = id;
    return true;
  }
}

/** `inst_1:7` is number 7 of `inst_1`; `7` is of nobody. */
function partsOf(id: string): [source: string, number: number | null] {
  const found = /^(?:(.*):)?(-?[0-9]+)$/.exec(id);
  return found ? [found[1] ?? "", Number(found[2])] : ["", null];
}

function sourceOf(event: StreamEvent & { run_id?: unknown; response_id?: unknown }): string | null {
  if (typeof event.run_id === "string") return event.run_id;
  // Only events of turns: others tell of turns of which there are many.
  return event.type.startsWith("response.") && typeof event.response_id === "string"
    ? event.response_id
    : null;
}

/** One connection, which is read while its events are being worked on. */
class Connection<E extends StreamEvent> {
  response: Response | null = null;
  /** Why it makes no sense to connect again. */
  fault: Error | null = null;
  isAtEnd = false;

  private readonly abort = new AbortController();
  private readonly parser = new FrameParser();
  private arrived: E[] = [];
  private isOver = false;
  private wake: (() => void) | null = null;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly seen: Seen<E>,
    private readonly isLast: ((event: E) => boolean) | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {
    signal?.addEventListener("abort", this.close);
  }

  get retryMilliseconds(): number | null {
    return this.parser.retryMilliseconds;
  }

  /** Whether the stream is there. */
  async open(open: Open<E>): Promise<boolean> {
    this.isHeard();
    try {
      const { lastEventId, last } = this.seen;
      this.response = await open({ lastEventId, last, signal: this.abort.signal });
      const refusal = await refusalOf(this.response);
      if (refusal) throw refusal;
      if (this.isOver) return false;
    } catch (error) {
      if (!this.isOver && error instanceof ApiError && isFinal(error)) this.fault = error;
      this.end();
      return false;
    }
    void this.read(this.response);
    return true;
  }

  /** Waits for events; false where no more come. */
  async hasMore(): Promise<boolean> {
    while (this.arrived.length === 0 && !this.isOver) {
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.arrived.length > 0;
  }

  take(): E[] {
    const events = this.arrived;
    this.arrived = [];
    return events;
  }

  readonly close = (): void => {
    this.signal?.removeEventListener("abort", this.close);
    this.abort.abort();
    this.end();
  };

  private async read(response: Response): Promise<void> {
    const reader = response.body?.getReader();
    if (!reader) {
      this.end();
      return;
    }
    // A stream that does not know of `signal` ends so.
    const cancel = () => void reader.cancel().catch(() => undefined);
    this.abort.signal.addEventListener("abort", cancel);
    try {
      while (!this.isOver) {
        const { done, value } = await reader.read();
        if (done) break;
        this.isHeard();
        this.receive(value);
      }
    } catch {
      // Cut: what has arrived counts, and the rest is asked for anew.
    } finally {
      this.abort.signal.removeEventListener("abort", cancel);
      this.end();
    }
  }

  private receive(bytes: Uint8Array): void {
    for (const frame of this.parser.feed(bytes)) {
      let event: E;
      try {
        event = JSON.parse(frame.data) as E;
      } catch {
        this.fault = new ApiError(200, "internal", "The server sent an event that cannot be read.");
        break;
      }
      if (!this.seen.isNew(event, frame.id)) continue;
      this.arrived.push(event);
      if (this.isLast?.(event)) {
        this.isAtEnd = true;
        break;
      }
    }
    if (this.isAtEnd || this.fault) this.end();
    else if (this.arrived.length > 0) this.wakeUp();
  }

  private isHeard(): void {
    clearTimeout(this.silence);
    if (!this.isOver) this.silence = setTimeout(() => this.close(), LONGEST_SILENCE);
  }

  private end(): void {
    this.isOver = true;
    clearTimeout(this.silence);
    this.wakeUp();
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = null;
  }
}

const isFinal = (error: ApiError): boolean => error.status >= 200 && error.status < 500;

/** Why the answer is no stream of events; null where it is one. */
export async function refusalOf(response: Response): Promise<ApiError | null> {
  const type = response.headers.get("Content-Type") ?? "";
  if (response.ok && type.startsWith("text/event-stream")) return null;
  const body: unknown = await response.json().catch(() => undefined);
  return response.ok
    ? new ApiError(response.status, "internal", "The server's answer is no stream of events.")
    : toApiError(response.status, body);
}

/** Never in step with other windows, which have lost the server at the same moment. */
function waitBefore(failures: number, asked: number | null): number {
  const longest = Math.min(LONGEST_WAIT, Math.max(FIRST_WAIT, asked ?? 0) * 2 ** failures);
  return longest * (0.75 + 0.25 * Math.random());
}

/** Waits, but no longer than until the network is back or somebody looks; outside of a page it just waits. */
function waited(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  const page = typeof document === "undefined" ? null : document;
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      if (page) globalThis.removeEventListener("online", end);
      page?.removeEventListener("visibilitychange", endIfVisible);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const endIfVisible = () => page?.visibilityState === "visible" && end();
    const timer = setTimeout(end, milliseconds);
    if (page) globalThis.addEventListener("online", end);
    page?.addEventListener("visibilitychange", endIfVisible);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}
