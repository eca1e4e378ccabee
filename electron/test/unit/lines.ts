/** Connections that a test plays the server of, and what the server says on them. */
import { vi } from "vitest";
import type { StreamEvent } from "../../src/shared/following";
import type { ServerEvent } from "@/api/types";

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const framed = (event: StreamEvent, id: string | number = event.sequence_number): string =>
  `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** One connection, as the test plays it. */
export class Line {
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly response: Response;
  isCancelled = false;

  constructor(
    readonly lastEventId: string | null,
    signal?: AbortSignal | null,
  ) {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.controller = controller),
      cancel: () => void (this.isCancelled = true),
    });
    this.response = new Response(body, { headers: { "Content-Type": "text/event-stream" } });
    signal?.addEventListener("abort", () => {
      if (!this.isCancelled) this.cut();
      this.isCancelled = true;
    });
  }

  say(...events: StreamEvent[]): void {
    this.write(events.map((event) => framed(event)).join(""));
  }

  write(text: string): void {
    this.controller.enqueue(bytes(text));
  }

  end(): void {
    this.controller.close();
  }

  cut(): void {
    try {
      this.controller.error(new TypeError("network error"));
    } catch {
      // It has ended already.
    }
  }
}

/** In the place of a stream. */
export const answer = (status: number, type: string, contentType = "application/json"): Response =>
  new Response(JSON.stringify({ error: { type, message: "Words.", param: null, request_id: "req_1" } }), {
    status,
    headers: { "Content-Type": contentType },
  });

export const settled = () => vi.advanceTimersByTimeAsync(0);
export const passed = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

// What all windows are told

export const opened = (instance: string, n: number, is_complete = true): ServerEvent => ({
  type: "stream.opened",
  sequence_number: n,
  instance_id: instance,
  is_complete,
});

export const started = (n: number): ServerEvent => ({
  type: "turn.started",
  sequence_number: n,
  response_id: `resp_${n}`,
  conversation_id: "conv_1",
});

/** On the wire, from this run of the server. */
export const saidBy = (instance: string, ...events: ServerEvent[]): string =>
  events.map((event) => framed(event, `${instance}:${event.sequence_number}`)).join("");
