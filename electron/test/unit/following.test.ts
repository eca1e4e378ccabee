import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "@/api/client";
import { followEvents, type ConnectionState, type Open, type StreamEvent } from "../../src/shared/following";
import { Line, answer, framed, passed, settled } from "./lines";

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
const isLast = (event: Numbered): boolean => event.type === "response.completed";

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
