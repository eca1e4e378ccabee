/** Follows event streams of the API over fetch: each event once and in order, through cuts and restarts of the server. */
import { ApiError, toApiError, UNREACHABLE } from "./client";
import { frameParser } from "./sse";
import type { CellEvent, ServerEvent, TurnEvent } from "./types";

export type ConnectionState = "connecting" | "live" | "waiting";

interface FollowOptions<E> {
  signal: AbortSignal;
  /** The id of the last event that the reader has; only later ones come. */
  after?: string | undefined;
  /** Events that came together, in order: one rendering for all of them. */
  onEvents: (events: E[]) => void;
  onState?: (state: ConnectionState) => void;
  /** How often a cut is tried again before it counts as an error; else for ever. */
  retries?: number;
  /** Waits before a try; a test's own clock. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

interface Source<E> {
  open: (after: string | undefined, signal: AbortSignal) => Promise<Response>;
  isLast: (event: E) => boolean;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;

/**
 * Follows to the last event, or until `signal`. A cut is tried again with growing waits, from the last event on. Rejects
 * with `ApiError` where the server says no.
 */
async function follow<E extends { sequence_number: number }>(
  source: Source<E>,
  { signal, after, onEvents, onState, retries = Infinity, wait = pause }: FollowOptions<E>,
): Promise<void> {
  let last = after;
  let failures = 0;
  while (!signal.aborted) {
    onState?.(failures === 0 ? "connecting" : "waiting");
    try {
      const response = await source.open(last, signal);
      if (!response.ok) throw toApiError(response.status, await response.json().catch(() => undefined));
      onState?.("live");
      for await (const frames of framesOf(response)) {
        failures = 0;
        const events = frames.map((frame) => JSON.parse(frame.data) as E);
        last = frames.at(-1)?.id ?? last;
        onEvents(events);
        if (events.some(source.isLast)) return;
      }
    } catch (error) {
      if (isAborted(signal)) return;
      const isFinal = error instanceof ApiError && error.status >= 400 && error.status < 500;
      if (isFinal) throw error;
    }
    failures += 1;
    if (failures > retries) throw new ApiError(0, "unreachable", UNREACHABLE);
    onState?.("waiting");
    await wait(Math.min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT), signal);
  }
}

// A function, lest the compiler takes what it knew of the signal before an await for granted after it.
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

async function* framesOf(response: Response) {
  if (!response.body) return;
  const parse = frameParser();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const frames = parse(decoder.decode(value, { stream: true }));
      if (frames.length > 0) yield frames;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Waits, with a fifth of chance; at once when the network is back, the window is looked at again, or the signal comes. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      globalThis.removeEventListener("online", end);
      document.removeEventListener("visibilitychange", seen);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const seen = () => document.visibilityState === "visible" && end();
    const timer = setTimeout(end, milliseconds * (0.9 + Math.random() * 0.2));
    globalThis.addEventListener("online", end);
    document.addEventListener("visibilitychange", seen);
    signal.addEventListener("abort", end);
  });
}

function get(
  path: string,
  query: Record<string, string | undefined>,
  signal: AbortSignal,
): Promise<Response> {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const search = given.length > 0 ? `?${new URLSearchParams(given).toString()}` : "";
  return fetch(`/api/v1${path}${search}`, { signal, headers: { Accept: "text/event-stream" } });
}

/** The events of a turn, from its first one or `after` on, to its end. */
export const followTurn = (responseId: string, options: FollowOptions<TurnEvent>): Promise<void> =>
  follow(
    {
      open: (after, signal) => get(`/responses/${responseId}/events`, { after }, signal),
      isLast: (event: TurnEvent) => event.type === "response.completed" || event.type === "response.failed",
    },
    options,
  );

/** The events of a cell's run. */
export const followCell = (
  scratchpadId: string,
  cellId: string,
  runId: string | undefined,
  options: FollowOptions<CellEvent>,
): Promise<void> =>
  follow(
    {
      open: (after, signal) =>
        get(`/scratchpads/${scratchpadId}/cells/${cellId}/events`, { after, run_id: runId }, signal),
      isLast: (event: CellEvent) => event.type === "done",
    },
    options,
  );

/** What all windows are told, until the signal. */
export const followServer = (options: FollowOptions<ServerEvent>): Promise<void> =>
  follow({ open: (after, signal) => get("/events", { after }, signal), isLast: () => false }, options);
