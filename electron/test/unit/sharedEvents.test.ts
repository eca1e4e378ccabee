import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConnectionState } from "../../src/shared/following";
import { followServerTogether } from "@/api/sharedEvents";
import type { ServerEvent } from "@/api/types";
import { Line, opened, passed, started, saidBy } from "./lines";

/** The locks of a browser: one holder, the others wait in their order, and one may steal. */
class Locks {
  private queue: { run: () => Promise<void>; refuse: (error: Error) => void }[] = [];

  request(
    _: string,
    how: { signal?: AbortSignal; steal?: boolean },
    held: () => Promise<void>,
  ): Promise<void> {
    const gone = () => new DOMException("The lock is another's.", "AbortError");
    return new Promise((resolve, reject) => {
      const place = {
        run: () =>
          held()
            .then(resolve, reject)
            .finally(() => this.leave(place)),
        refuse: reject,
      };
      if (how.steal) {
        this.queue.shift()?.refuse(gone());
        this.queue.unshift(place);
        void place.run();
        return;
      }
      this.queue.push(place);
      if (this.queue.length === 1) void place.run();
      how.signal?.addEventListener("abort", () => {
        if (this.queue[0] === place) return;
        this.queue = this.queue.filter((other) => other !== place);
        reject(gone());
      });
    });
  }

  private leave(place: (typeof this.queue)[number]): void {
    if (this.queue[0] !== place) return;
    this.queue.shift();
    void this.queue.at(0)?.run();
  }
}

/** Tells all others of the name, in order. */
class Channel extends EventTarget {
  static all = new Set<Channel>();

  constructor() {
    super();
    Channel.all.add(this);
  }

  postMessage(data: unknown): void {
    for (const other of Channel.all) {
      if (other === this) continue;
      queueMicrotask(
        () => Channel.all.has(other) && other.dispatchEvent(new MessageEvent("message", { data })),
      );
    }
  }

  close(): void {
    Channel.all.delete(this);
  }
}

class Window {
  readonly got: ServerEvent[] = [];
  batches = 0;
  readonly states: ConnectionState[] = [];
  private readonly ended = new AbortController();
  readonly done = followServerTogether({
    signal: this.ended.signal,
    onEvents: (events) => {
      this.got.push(...events);
      this.batches += 1;
    },
    onState: (state) => void this.states.push(state),
  });

  async close(): Promise<void> {
    this.ended.abort();
    await this.done;
  }
}

const looked = () => document.dispatchEvent(new Event("visibilitychange"));

let lines: Line[];
let windows: Window[];

async function open(): Promise<Window> {
  const window = new Window();
  windows.push(window);
  await passed(0);
  return window;
}

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  windows = [];
  vi.stubGlobal("BroadcastChannel", Channel);
  Object.defineProperty(navigator, "locks", { value: new Locks(), configurable: true });
  vi.stubGlobal("fetch", (_: URL, init: { headers: Headers; signal: AbortSignal }) => {
    const line = new Line(init.headers.get("Last-Event-ID"), init.signal);
    lines.push(line);
    return Promise.resolve(line.response);
  });
});

afterEach(async () => {
  await Promise.all(windows.map((window) => window.close()));
  expect(Channel.all.size).toBe(0);
  Reflect.deleteProperty(navigator, "locks");
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("windows that share a connection", () => {
  it("each get each event once, also when the one that leads is closed", async () => {
    const [first, second, third] = [await open(), await open(), await open()];
    lines[0]?.write(saidBy("inst_a", opened("inst_a", 4), started(5), started(6)));
    await passed(300);
    const told = [started(5), started(6)];
    expect(first.got).toEqual([opened("inst_a", 4), ...told]);
    expect(second.got.slice(1)).toEqual(told);
    expect([first, second, third].map(({ states }) => states)).toEqual([["live"], ["live"], ["live"]]);
    expect(lines).toHaveLength(1);

    await first.close();
    await passed(0);
    expect(lines).toHaveLength(2);
    expect(lines[1]?.lastEventId).toBe("inst_a:6");
    lines[1]?.write(saidBy("inst_a", opened("inst_a", 5), started(6), started(7)));
    await passed(300);
    for (const window of [second, third]) {
      expect(window.got.slice(1)).toEqual([...told, opened("inst_a", 5), started(7)]);
      expect(window.states).toEqual(["live"]);
    }
  });

  it("each give out together what comes within a moment", async () => {
    const [first, second] = [await open(), await open()];
    lines[0]?.write(saidBy("inst_a", opened("inst_a", 6), started(7)));
    await passed(200);
    lines[0]?.write(saidBy("inst_a", started(8)));
    await passed(0);
    expect([first.got, second.got]).toEqual([[], []]);
    await passed(100);
    expect(first.got).toHaveLength(3);
    expect(second.got).toHaveLength(3);
    expect([first.batches, second.batches]).toEqual([1, 1]);
  });

  it("know where they are from the one that leads, and take the lead when they are looked at", async () => {
    const first = await open();
    lines[0]?.write(saidBy("inst_a", opened("inst_a", 4), started(5)));
    await passed(300);
    const second = await open();
    expect(second.states).toEqual(["live"]);
    looked();
    await passed(0);
    expect(lines[0]?.isCancelled).toBe(true);
    expect(lines[1]?.lastEventId).toBe("inst_a:5");
    lines[1]?.write(saidBy("inst_a", opened("inst_a", 5), started(6)));
    await passed(300);
    expect(second.got).toEqual([opened("inst_a", 5), started(6)]);
    expect(first.got).toEqual([opened("inst_a", 4), started(5), opened("inst_a", 5), started(6)]);
    looked();
    await passed(0);
    expect(lines[2]?.lastEventId).toBe("inst_a:6");
  });

  it("fetch anew where one takes the lead that does not know where the others are", async () => {
    const first = await open();
    const second = await open();
    looked();
    await passed(0);
    expect(lines[1]?.lastEventId).toBeNull();
    lines[1]?.write(saidBy("inst_a", opened("inst_a", 8), started(9)));
    await passed(300);
    expect(second.got).toEqual([opened("inst_a", 8), started(9)]);
    expect(first.got).toEqual([opened("inst_a", 8, false), started(9)]);
  });

  it("are told that the server is away, and that it is there again", async () => {
    const [first, second] = [await open(), await open()];
    lines[0]?.write(saidBy("inst_a", opened("inst_a", 0)));
    await passed(300);
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("refused")));
    await passed(60_000);
    expect(first.states.slice(0, 3)).toEqual(["live", "waiting", "connecting"]);
    expect(second.states.slice(0, 3)).toEqual(["live", "waiting", "connecting"]);
  });

  it("follow each by itself where the browser has no locks", async () => {
    Reflect.deleteProperty(navigator, "locks");
    const [first, second] = [await open(), await open()];
    lines.forEach((line) => line.write(saidBy("inst_a", opened("inst_a", 4), started(5))));
    await passed(300);
    expect(first.got).toEqual([opened("inst_a", 4), started(5)]);
    expect(second.got).toEqual([opened("inst_a", 4), started(5)]);
  });
});
