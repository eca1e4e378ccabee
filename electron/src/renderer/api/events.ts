/** The event streams of the API: of a turn, of a cell's run, of what all windows are told. */
import { ApiError, UNREACHABLE } from "./client";
import {
  followEvents,
  refusalOf,
  type Connecting,
  type FollowOptions,
  type Open,
  type StreamEvent,
} from "../../shared/following";
import { FrameParser } from "../../shared/sse";
import type { AgentResponse, CellEvent, ResponseCreate, ServerEvent, TurnEvent } from "./types";

const HIDDEN_PACE = 200;

/** The next frame that is drawn; where the page is hidden and nothing is drawn, a moment later. */
function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      resolve();
    };
    const frame = requestAnimationFrame(end);
    const timer = setTimeout(end, HIDDEN_PACE);
  });
}

/** A GET of the path, or any other request; the stream goes on behind `lastEventId`. */
async function openEvents(
  path: string,
  { lastEventId, signal }: Pick<Connecting<unknown>, "lastEventId" | "signal">,
  init: RequestInit = {},
): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "text/event-stream");
  if (lastEventId !== null) headers.set("Last-Event-ID", lastEventId);
  return globalThis.fetch(new URL(path, globalThis.location.origin), {
    ...init,
    headers,
    signal,
    cache: "no-store",
  });
}

export interface ReadOptions<E> extends Omit<FollowOptions<E>, "isLast" | "pace"> {
  /** Those that have arrived together. */
  onEvents: (events: E[]) => void;
}

/** Gives out with each frame that is drawn what has arrived since the last, until the last event. */
async function read<E extends StreamEvent>(
  open: Open<E>,
  { onEvents, ...options }: ReadOptions<E>,
  isLast: (event: E) => boolean,
): Promise<void> {
  for await (const events of followEvents(open, { ...options, pace: nextFrame, isLast })) onEvents(events);
}

/** A turn's events, from the first on or from behind `after`, until it has ended. */
export function followTurn(responseId: string, options: ReadOptions<TurnEvent>): Promise<void> {
  return read(
    (connecting) => openEvents(`/api/v1/responses/${encodeURIComponent(responseId)}/events`, connecting),
    options,
    (event) => event.type === "response.completed" || event.type === "response.failed",
  );
}

/** The events of a cell's last run, until it has ended. */
export function followCell(
  scratchpadId: string,
  cellId: string,
  options: ReadOptions<CellEvent>,
): Promise<void> {
  const path = `${cellPath(scratchpadId, cellId)}/events`;
  return read(
    (connecting) => {
      // Of another run, which has begun meanwhile, all events are sent.
      const query = connecting.last ? `?run_id=${encodeURIComponent(connecting.last.run_id)}` : "";
      return openEvents(path + query, connecting);
    },
    options,
    (event) => event.type === "done",
  );
}

/** What the server tells all windows, as it comes, for as long as it is followed. */
export async function followServer({ onEvents, ...options }: ReadOptions<ServerEvent>): Promise<void> {
  const open: Open<ServerEvent> = (connecting) => openEvents("/api/v1/events", connecting);
  for await (const events of followEvents(open, options)) onEvents(events);
}

/** Starts a turn, which goes on by itself: `followTurn` reads it. */
export async function startTurn(body: ResponseCreate, signal?: AbortSignal): Promise<AgentResponse> {
  const parser = new FrameParser();
  const response = await post("/api/v1/responses", { ...body, stream: true }, signal);
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const { done, value } = (await reader?.read()) ?? { done: true as const, value: undefined };
      if (done) throw new ApiError(0, "unreachable", UNREACHABLE);
      const [first] = parser.feed(value);
      const event = first && (JSON.parse(first.data) as TurnEvent);
      if (event?.type === "response.created") return event.response;
    }
  } finally {
    void reader?.cancel().catch(() => undefined);
  }
}

/** Has a cell run, which goes on by itself: `followCell` reads it. */
export async function startCell(
  scratchpadId: string,
  cellId: string,
  { timeoutSeconds, signal }: { timeoutSeconds?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const limit = timeoutSeconds === undefined ? "" : `&timeout_s=${timeoutSeconds}`;
  const response = await post(`${cellPath(scratchpadId, cellId)}/run?stream=true${limit}`, undefined, signal);
  void response.body?.cancel().catch(() => undefined);
}

const cellPath = (scratchpadId: string, cellId: string): string =>
  `/api/v1/scratchpads/${encodeURIComponent(scratchpadId)}/cells/${encodeURIComponent(cellId)}`;

async function post(path: string, body: unknown, signal: AbortSignal | undefined): Promise<Response> {
  let response: Response;
  try {
    const connecting = { lastEventId: null, signal: signal ?? new AbortController().signal };
    response = await openEvents(path, connecting, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", UNREACHABLE);
  }
  const refusal = await refusalOf(response);
  if (refusal) throw refusal;
  return response;
}
