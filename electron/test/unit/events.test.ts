import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followCell, followServer, followTurn, startCell, startTurn } from "@/api/events";
import { followEvents, type ConnectionState, type Open, type StreamEvent } from "@/api/following";
import { FrameParser, type Frame } from "@/api/sse";
import { ApiError } from "@/api/client";
import type { CellEvent, ServerEvent, TurnEvent } from "@/api/types";
import { run, turn } from "./recorded";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parsed(...chunks: Uint8Array[]): Frame[] {
  const parser = new FrameParser();
  return chunks.flatMap((chunk) => parser.feed(chunk));
}

describe("the parser of frames", () => {
  const message = (data: string, id = "", event = "message"): Frame => ({ id, event, data });

  it.each<[string, string, Frame[]]>([
    [
      "reads a frame of the server",
      'id: 3\nevent: clear\ndata: {"a":1}\n\n',
      [message('{"a":1}', "3", "clear")],
    ],
    ["joins the lines of data", "data: a\ndata:b\ndata\n\n", [message("a\nb\n")]],
    ["takes one space away, and no more", "data:  a \n\n", [message(" a ")]],
    ["passes over comments and unknown fields", ": keep-alive\n\nfoo: 1\nfoo\ndata: a\n\n", [message("a")]],
    ["gives out nothing without data", "event: x\nid: 1\n\ndata: a\n\n", [message("a", "1")]],
    ["gives out empty data", "data\n\ndata:\n\n", [message(""), message("")]],
    [
      "keeps the last id",
      "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
      [message("a", "1"), message("b", "1"), message("c")],
    ],
    [
      "refuses an id with NUL",
      "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
      [message("a", "1"), message("b", "1")],
    ],
    [
      "forgets the event of the frame before",
      "event: x\ndata: a\n\ndata: b\n\n",
      [message("a", "", "x"), message("b")],
    ],
    ["passes over a byte order mark at the beginning", "\ufeffdata: a\n\n", [message("a")]],
    ["knows no byte order mark behind it", "data: a\n\n\ufeffdata: b\n\n", [message("a")]],
    ["gives out no frame that has not ended", "data: a\n\ndata: b\n", [message("a")]],
    ["keeps colons in values", "data: a: b:c\n\n", [message("a: b:c")]],
    ["reads what is not ASCII", "data: é 🐸\n\n", [message("é 🐸")]],
  ])("%s", (_, text, want) => {
    for (const end of ["\n", "\r\n", "\r"]) {
      expect(parsed(bytes(text.replaceAll("\n", end))), JSON.stringify(end)).toEqual(want);
    }
  });

  it("gives the same frames wherever the bytes are cut", () => {
    const lines = [
      "\ufeffid: 1\nevent: a\ndata: 🐸\ndata: é\n\n",
      ": comment\r\n\r\nid: 2\r\ndata: b\r\n\r\n",
      "data: c\r\rdata: d\r\n\ndata: e\n\r\n",
    ];
    const whole = bytes(lines.join(""));
    const want = parsed(whole);
    expect(want.map((frame) => frame.data)).toEqual(["🐸\né", "b", "c", "d", "e"]);
    for (let first = 0; first <= whole.length; first += 1) {
      expect(parsed(whole.slice(0, first), whole.slice(first)), String(first)).toEqual(want);
      for (let second = first; second <= whole.length; second += 1) {
        const cut = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
        expect(parsed(...cut), `${first}, ${second}`).toEqual(want);
      }
    }
    expect(parsed(...Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(want);
  });

  it("reads a long line that comes in small pieces", () => {
    const data = "x".repeat(300_000);
    const whole = bytes(`data: ${data}\n\n`);
    const pieces = Array.from({ length: Math.ceil(whole.length / 100) }, (_, n) =>
      whole.slice(n * 100, n * 100 + 100),
    );
    expect(parsed(...pieces)).toEqual([message(data)]);
  });

  it("hears how long the server wants to be left alone", () => {
    const parser = new FrameParser();
    parser.feed(bytes("retry: 1000\nretry: soon\n\n"));
    expect(parser.retryMilliseconds).toBe(1000);
  });
});

// A server of the test's own

interface Numbered extends StreamEvent {
  response_id: string;
}

const numbered = (n: number, type = "response.in_progress"): Numbered => ({
  type,
  sequence_number: n,
  response_id: "resp_1",
});
const last = (n: number): Numbered => numbered(n, "response.completed");
const framed = (event: StreamEvent, id: string | number = event.sequence_number): string =>
  `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const isLast = (event: Numbered): boolean => event.type === "response.completed";

/** One connection, as the test plays it. */
class Line {
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  readonly response: Response;
  isCancelled = false;

  constructor(
    readonly lastEventId: string | null,
    signal?: AbortSignal | null,
    readonly url = "",
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

/** What becomes of each connection, in order: a line, or something else. */
class Server {
  readonly lines: Line[] = [];
  /** In the place of the next lines. */
  readonly instead: (Response | Error)[] = [];

  readonly open: Open<Numbered> = ({ lastEventId, signal }) => {
    const other = this.instead.shift();
    if (other instanceof Error) return Promise.reject(other);
    if (other) return Promise.resolve(other);
    const line = new Line(lastEventId, signal);
    this.lines.push(line);
    return Promise.resolve(line.response);
  };

  get line(): Line {
    const line = this.lines.at(-1);
    if (!line) throw new Error("Nobody has connected.");
    return line;
  }
}

const answer = (status: number, type: string, contentType = "application/json"): Response =>
  new Response(JSON.stringify({ error: { type, message: "Words.", param: null, request_id: "req_1" } }), {
    status,
    headers: { "Content-Type": contentType },
  });

/** Reads in the background what is followed. */
class Reader {
  readonly batches: Numbered[][] = [];
  readonly states: ConnectionState[] = [];
  readonly ended = new AbortController();
  error: unknown = null;
  isDone = false;

  constructor(server: Server, options: { after?: number; pace?: () => Promise<void> } = {}) {
    const events = followEvents<Numbered>(server.open, {
      signal: this.ended.signal,
      isLast,
      onState: (state) => this.states.push(state),
      ...options,
    });
    void (async () => {
      try {
        for await (const batch of events) this.batches.push(batch);
      } catch (error) {
        this.error = error;
      }
      this.isDone = true;
    })();
  }

  get numbers(): number[] {
    return this.batches.flat().map((event) => event.sequence_number);
  }
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const passed = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("following events", () => {
  it("gives out together what arrives together, and ends with the last", async () => {
    const server = new Server();
    const reader = new Reader(server);
    await settled();
    server.line.say(numbered(0), numbered(1));
    await settled();
    server.line.say(numbered(2), last(3), numbered(4));
    await settled();
    expect(reader.batches.map((batch) => batch.map((one) => one.sequence_number))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(reader.isDone).toBe(true);
    expect(server.lines).toHaveLength(1);
    expect(server.line.isCancelled).toBe(true);
    expect(reader.states).toEqual(["connecting", "live"]);
  });

  it("gives out together what arrives while the reader waits for its frame", async () => {
    const server = new Server();
    const reader = new Reader(server, { pace: () => new Promise((resolve) => setTimeout(resolve, 16)) });
    await settled();
    for (let n = 0; n < 10; n += 1) {
      server.line.say(numbered(n));
      await passed(1);
    }
    await passed(20);
    expect(reader.batches).toHaveLength(1);
    expect(reader.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("goes on behind the last event after a cut", async () => {
    const server = new Server();
    const reader = new Reader(server);
    await settled();
    server.line.write(framed(numbered(0)) + framed(numbered(1)).slice(0, 20));
    await settled();
    server.line.cut();
    await settled();
    expect(reader.states.at(-1)).toBe("waiting");
    await passed(250);
    expect(server.lines.map((line) => line.lastEventId)).toEqual([null, "0"]);
    server.line.say(numbered(1), last(2));
    await settled();
    expect(reader.numbers).toEqual([0, 1, 2]);
    expect(reader.isDone).toBe(true);
    expect(reader.states).toEqual(["connecting", "live", "waiting", "connecting", "live"]);
  });

  it("comes to the same events wherever the connection is cut", async () => {
    const events = [numbered(0), numbered(1), numbered(2), last(3)];
    const whole = events.map((event) => framed(event)).join("");
    for (let at = 0; at <= whole.length; at += 1) {
      const server = new Server();
      const reader = new Reader(server);
      await settled();
      server.line.write(whole.slice(0, at));
      await settled();
      server.line.cut();
      await passed(250);
      if (!reader.isDone) {
        const after = Number(server.line.lastEventId ?? -1);
        server.line.say(...events.slice(after + 1));
        await settled();
      }
      expect(reader.numbers, String(at)).toEqual([0, 1, 2, 3]);
      expect(reader.isDone).toBe(true);
    }
  });

  it("goes on where the stream ends without the last event, as when the server ends", async () => {
    const server = new Server();
    const reader = new Reader(server);
    await settled();
    server.line.say(numbered(0));
    server.line.end();
    await passed(250);
    server.line.say(last(1));
    await settled();
    expect(reader.numbers).toEqual([0, 1]);
  });

  it("gives out no event twice, and none out of order", async () => {
    const server = new Server();
    const reader = new Reader(server);
    await settled();
    server.line.say(numbered(0), numbered(1), numbered(1), numbered(0), numbered(2));
    await settled();
    server.line.cut();
    await passed(250);
    server.line.say(numbered(0), numbered(1), numbered(2), numbered(3), last(4));
    await settled();
    expect(reader.numbers).toEqual([0, 1, 2, 3, 4]);
  });

  it("begins behind the event that it is given", async () => {
    const server = new Server();
    const reader = new Reader(server, { after: 4 });
    await settled();
    expect(server.line.lastEventId).toBe("4");
    server.line.say(numbered(4), last(5));
    await settled();
    expect(reader.numbers).toEqual([5]);
  });

  it("waits longer each time that it fails, up to 5 s, and from the beginning again after an event", async () => {
    const server = new Server();
    const reader = new Reader(server);
    await settled();
    server.instead.push(...Array.from({ length: 7 }, () => new TypeError("refused")));
    server.line.cut();
    await settled();
    const waits: number[] = [];
    while (server.instead.length > 0) {
      const left = server.instead.length;
      let waited = 0;
      while (server.instead.length === left) {
        await passed(50);
        waited += 50;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
    await passed(5000);
    server.line.say(numbered(0));
    await settled();
    server.line.cut();
    await passed(250);
    expect(server.lines).toHaveLength(3);
    expect(reader.error).toBeNull();
  });

  it("waits a shorter time by chance, so that windows do not come all at once", async () => {
    vi.mocked(Math.random).mockReturnValue(0);
    const server = new Server();
    new Reader(server);
    await settled();
    server.line.cut();
    await passed(188);
    expect(server.lines).toHaveLength(2);
  });

  it.each<[string, () => void]>([
    ["the browser goes online", () => globalThis.dispatchEvent(new Event("online"))],
    ["the page becomes visible", () => document.dispatchEvent(new Event("visibilitychange"))],
  ])("connects at once when %s", async (_, happen) => {
    const server = new Server();
    new Reader(server);
    await settled();
    server.line.cut();
    await settled();
    happen();
    await settled();
    expect(server.lines).toHaveLength(2);
  });

  it("tries again where the server has a fault of its own", async () => {
    const server = new Server();
    server.instead.push(answer(503, "internal"));
    const reader = new Reader(server);
    await passed(250);
    server.line.say(last(0));
    await settled();
    expect(reader.isDone).toBe(true);
    expect(reader.error).toBeNull();
  });

  it.each([404, 409, 401, 422])("does not try again where the server refuses with %i", async (status) => {
    const server = new Server();
    server.instead.push(answer(status, "not_found"));
    const reader = new Reader(server);
    await passed(60_000);
    expect(reader.error).toBeInstanceOf(ApiError);
    expect(reader.error).toMatchObject({ status, type: "not_found", message: "Words.", requestId: "req_1" });
    expect(server.lines).toEqual([]);
  });

  it("does not take a page for events", async () => {
    const server = new Server();
    server.instead.push(answer(200, "", "text/html"));
    const reader = new Reader(server);
    await passed(60_000);
    expect(reader.error).toBeInstanceOf(ApiError);
  });

  it("gives out what came before an event that cannot be read, and fails", async () => {
    const server = new Server();
    const reader = new Reader(server);
    await settled();
    server.line.write(`${framed(numbered(0))}data: {\n\n`);
    await settled();
    expect(reader.numbers).toEqual([0]);
    expect(reader.error).toBeInstanceOf(ApiError);
  });

  it.each(["while it reads", "while it waits", "while it connects"])(
    "ends when it is aborted %s",
    async (when) => {
      const server = new Server();
      const reader = new Reader(server);
      if (when !== "while it connects") await settled();
      if (when === "while it waits") {
        server.line.cut();
        await settled();
      }
      reader.ended.abort();
      await settled();
      expect(reader.isDone).toBe(true);
      expect(reader.error).toBeNull();
      await passed(60_000);
      expect(server.lines).toHaveLength(1);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it("lets the connection go when the reader stops", async () => {
    const server = new Server();
    const events = followEvents(server.open);
    const first = events.next();
    await settled();
    server.line.say(numbered(0));
    await first;
    await events.return();
    await settled();
    expect(server.line.isCancelled).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives up a connection on which not even a comment comes", async () => {
    const server = new Server();
    const reader = new Reader(server);
    await settled();
    for (let n = 0; n < 10; n += 1) {
      await passed(15_000);
      server.line.write(": keep-alive\n\n");
      await settled();
    }
    expect(server.lines).toHaveLength(1);
    await passed(40_250);
    expect(server.lines).toHaveLength(2);
    expect(reader.error).toBeNull();
  });
});

describe("the streams of the server", () => {
  interface Asked {
    url: URL;
    method: string;
    headers: Headers;
    body: unknown;
    line: Line;
  }
  let asked: Asked[];

  const lineAt = (n: number): Line => {
    const found = asked[n];
    if (!found) throw new Error("It was not asked for.");
    return found.line;
  };

  beforeEach(() => {
    asked = [];
    vi.stubGlobal("fetch", (url: URL, init: RequestInit) => {
      const headers = new Headers(init.headers);
      const line = new Line(headers.get("Last-Event-ID"), init.signal);
      const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : null;
      asked.push({ url: new URL(url), method: init.method ?? "GET", headers, body, line });
      return Promise.resolve(line.response);
    });
  });

  it("follow a turn to its end, across a cut", async () => {
    const { events, response } = turn("turn_cells_and_plot");
    const got: TurnEvent[] = [];
    const done = followTurn(response.id, { onEvents: (batch) => void got.push(...batch) });
    await settled();
    lineAt(0).say(...events.slice(0, 7));
    await passed(20);
    lineAt(0).cut();
    await passed(300);
    lineAt(1).say(...events.slice(5));
    await passed(20);
    await done;
    expect(got).toEqual(events);
    expect(asked.map(({ url }) => url.pathname)).toEqual(
      Array(2).fill(`/api/v1/responses/${response.id}/events`),
    );
    expect(asked[0]?.headers.get("Accept")).toBe("text/event-stream");
    expect(lineAt(1).lastEventId).toBe("6");
  });

  it("follow a cell to its end, and name the run that was read", async () => {
    const { events } = run("cell_streams");
    const got: CellEvent[] = [];
    const done = followCell("sp_1", "cell_1", { onEvents: (batch) => void got.push(...batch) });
    await settled();
    lineAt(0).say(...events.slice(0, 3));
    await passed(20);
    lineAt(0).end();
    await passed(300);
    lineAt(1).say(...events.slice(3));
    await passed(20);
    await done;
    expect(got).toEqual(events);
    expect(asked[0]?.url.search).toBe("");
    expect(asked[1]?.url.search).toBe(`?run_id=${events[0]?.run_id}`);
  });

  it("take up the events of a cell's next run, whose numbers begin anew", async () => {
    const [one, other] = [run("cell_streams").events, run("cell_error").events];
    const got: CellEvent[] = [];
    void followCell("sp_1", "cell_1", { onEvents: (batch) => void got.push(...batch) });
    await settled();
    lineAt(0).say(...one.slice(0, 3));
    await passed(20);
    lineAt(0).cut();
    await passed(300);
    lineAt(1).say(...other);
    await passed(20);
    expect(got).toEqual([...one.slice(0, 3), ...other]);
  });

  it("follow the server through its restarts, whose numbers begin anew", async () => {
    const opened = (instance: string, n: number, is_complete = true): ServerEvent => ({
      type: "stream.opened",
      sequence_number: n,
      instance_id: instance,
      is_complete,
    });
    const started = (n: number): ServerEvent => ({
      type: "turn.started",
      sequence_number: n,
      response_id: `resp_${n}`,
      conversation_id: "conv_1",
    });
    const of = (instance: string, ...events: ServerEvent[]) =>
      events.map((event) => framed(event, `${instance}:${event.sequence_number}`)).join("");
    const got: ServerEvent[] = [];
    const states: ConnectionState[] = [];
    const ended = new AbortController();
    const done = followServer({
      signal: ended.signal,
      onEvents: (batch) => void got.push(...batch),
      onState: (state) => states.push(state),
    });
    await settled();
    lineAt(0).write(of("inst_a", opened("inst_a", 6), started(7)));
    lineAt(0).write(of("inst_a", started(8)));
    await settled();
    expect(got).toHaveLength(3);
    lineAt(0).end();
    await passed(300);
    expect(lineAt(1).lastEventId).toBe("inst_a:8");
    lineAt(1).write(of("inst_a", opened("inst_a", 8), started(8), started(9)));
    await passed(300);
    lineAt(1).end();
    await passed(300);
    lineAt(2).write(of("inst_b", opened("inst_b", -1, false), started(0)));
    await passed(300);
    ended.abort();
    await done;
    expect(got).toEqual([
      opened("inst_a", 6),
      started(7),
      started(8),
      opened("inst_a", 8),
      started(9),
      opened("inst_b", -1, false),
      started(0),
    ]);
    expect(states.filter((state) => state === "live")).toHaveLength(3);
  });

  it("start a turn, and let its events go", async () => {
    const { events, response } = turn("turn_text");
    const started = startTurn({ conversation_id: "conv_1", input: "Hello" });
    await settled();
    const first = framed(events[0] as StreamEvent);
    lineAt(0).write(first.slice(0, 30));
    await settled();
    lineAt(0).write(first.slice(30));
    await settled();
    expect(await started).toMatchObject({ id: response.id, status: "in_progress" });
    expect(asked[0]).toMatchObject({
      method: "POST",
      body: { conversation_id: "conv_1", input: "Hello", stream: true },
    });
    expect(asked[0]?.headers.get("Content-Type")).toBe("application/json");
    await settled();
    expect(lineAt(0).isCancelled).toBe(true);
  });

  it("say so where a turn cannot be started, and never ask twice", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(answer(409, "conflict")));
    await expect(startTurn({ conversation_id: "c", input: "x" })).rejects.toMatchObject({ status: 409 });
    let times = 0;
    vi.stubGlobal("fetch", () => {
      times += 1;
      return Promise.reject(new TypeError("refused"));
    });
    await expect(startTurn({ conversation_id: "c", input: "x" })).rejects.toMatchObject({
      isUnreachable: true,
    });
    expect(times).toBe(1);
  });

  it("have a cell run, and let its events go", async () => {
    await startCell("sp_1", "cell_1", { timeoutSeconds: 5 });
    await settled();
    expect(asked[0]?.url.pathname).toBe("/api/v1/scratchpads/sp_1/cells/cell_1/run");
    expect(asked[0]?.url.search).toBe("?stream=true&timeout_s=5");
    expect(lineAt(0).isCancelled).toBe(true);
  });
});
