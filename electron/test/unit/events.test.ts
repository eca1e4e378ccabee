import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { followCell, followServer, followTurn, startCell, startTurn } from "@/api/events";
import type { ConnectionState, StreamEvent } from "../../src/shared/following";
import type { CellEvent, ServerEvent, TurnEvent } from "@/api/types";
import { Line, answer, framed, opened, passed, settled, started, saidBy } from "./lines";
import { run, turn } from "./recorded";

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(1);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
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
    const got: ServerEvent[] = [];
    const states: ConnectionState[] = [];
    const ended = new AbortController();
    const done = followServer({
      signal: ended.signal,
      onEvents: (batch) => void got.push(...batch),
      onState: (state) => states.push(state),
    });
    await settled();
    lineAt(0).write(saidBy("inst_a", opened("inst_a", 6), started(7)));
    lineAt(0).write(saidBy("inst_a", started(8)));
    await settled();
    expect(got).toHaveLength(3);
    lineAt(0).end();
    await passed(300);
    expect(lineAt(1).lastEventId).toBe("inst_a:8");
    lineAt(1).write(saidBy("inst_a", opened("inst_a", 8), started(8), started(9)));
    await passed(300);
    lineAt(1).end();
    await passed(300);
    lineAt(2).write(saidBy("inst_b", opened("inst_b", -1, false), started(0)));
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
