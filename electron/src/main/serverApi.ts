/** Calls of the server's API from the main process, which has the token. */
import { toApiError } from "../shared/apiError";
import type { Running } from "./server";

/** One run of the server: when it has ended, so have all calls. */
export class ServerApi {
  private readonly over = new AbortController();

  constructor(private readonly running: Running) {}

  get signal(): AbortSignal {
    return this.over.signal;
  }

  isOver(): boolean {
    return this.over.signal.aborted;
  }

  /** The answer's JSON. Throws ApiError where it refuses. */
  async get<T>(path: string): Promise<T> {
    const response = await this.call(path, {});
    return (await response.json()) as T;
  }

  async post(path: string, body: unknown): Promise<void> {
    const response = await this.call(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "Content-Type": "application/json" },
    });
    await response.arrayBuffer();
  }

  /** A stream of server-sent events, as it begins; `lastEventId`: behind which it is to go on. */
  stream(path: string, lastEventId: string | null = null, signal?: AbortSignal): Promise<Response> {
    return this.fetch(path, {
      headers: { Accept: "text/event-stream", ...(lastEventId !== null && { "Last-Event-ID": lastEventId }) },
      signal: signal ? AbortSignal.any([signal, this.over.signal]) : this.over.signal,
    });
  }

  /** Let go of everything. */
  close(): void {
    this.over.abort();
  }

  private async call(path: string, init: RequestInit): Promise<Response> {
    const response = await this.fetch(path, { signal: this.over.signal, ...init });
    if (response.ok) return response;
    throw toApiError(response.status, await response.json().catch(() => null));
  }

  private fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = {
      ...(init.headers as Record<string, string>),
      Authorization: `Bearer ${this.running.token}`,
    };
    return fetch(`${this.running.url}/api/v1${path}`, { ...init, headers });
  }
}
