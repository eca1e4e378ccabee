/** A little server of the test's own, in the place of Cowork's. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { Running } from "../../../src/main/server";

export interface Asked {
  method: string | undefined;
  /** Behind `/api/v1`. */
  path: string;
  authorization: string | undefined;
  lastEventId: string | undefined;
  body: string;
}

type Answer = (response: ServerResponse, asked: Asked) => void;

export const TOKEN = "the-token";

export const json =
  (body: unknown, status = 200): Answer =>
  (response) =>
    response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));

export const refusal = (status: number, type: string): Answer =>
  json({ error: { type, message: "Words.", param: null, request_id: "req_1" } }, status);

/** What answers a stream's request: an open one, which the test goes on with. */
export class Stream {
  readonly all: ServerResponse[] = [];

  readonly answer: Answer = (response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
    this.all.push(response);
  };

  say(type: string, event: object, id = ""): void {
    this.write(`${id && `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  write(text: string): void {
    this.last.write(text);
  }

  cut(): void {
    this.last.destroy();
  }

  private get last(): ServerResponse {
    const last = this.all.at(-1);
    if (!last) throw new Error("Nobody follows.");
    return last;
  }
}

export class LocalServer {
  readonly asked: Asked[] = [];
  /** By path without its query; what is not here is not found. */
  readonly answers = new Map<string, Answer>();
  private readonly server: Server = createServer((request, response) => void this.take(request, response));

  /** It ends with the test. */
  static async begin(): Promise<LocalServer> {
    const local = new LocalServer();
    await new Promise<void>((resolve) => local.server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      const closed = new Promise((resolve) => local.server.close(resolve));
      local.server.closeAllConnections();
      await closed;
    });
    return local;
  }

  get running(): Running {
    return { url: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`, token: TOKEN };
  }

  askedFor(path: string): Asked[] {
    return this.asked.filter((asked) => pathname(asked.path) === path);
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const piece of request) body += String(piece);
    const { method, headers, url = "" } = request;
    const lastEventId = headers["last-event-id"] as string | undefined;
    const path = url.replace(/^\/api\/v1/, "");
    const asked = { method, path, authorization: headers.authorization, lastEventId, body };
    this.asked.push(asked);
    (this.answers.get(pathname(path)) ?? refusal(404, "not_found"))(response, asked);
  }
}

const pathname = (path: string): string => path.split("?", 1)[0] ?? "";
