// @vitest-environment node
import { describe, expect, it } from "vitest";
import {
  next,
  STOPPED,
  type Crash,
  type Failure,
  type Happening,
  type ServerState,
} from "../../../src/main/serverState";
import { MOST_CRASHES, WITHIN_MILLISECONDS } from "../../../src/main/crashLimit";

const crash = (at: number): Crash => ({ at, words: `At ${at}.` });
const exited = (code: number | null, more: Partial<Happening & { name: "exited" }> = {}): Happening => ({
  name: "exited",
  code,
  signal: null,
  at: 1_000,
  said: "",
  ...more,
});
const failure: Failure = { kind: "different", words: "Words." };

const starting = (crashes: readonly Crash[] = []): ServerState => ({
  name: "starting",
  ports: [26866, 4000, 0],
  crashes,
});
const ready = (crashes: readonly Crash[] = []): ServerState => ({
  name: "ready",
  url: "http://localhost:4000",
  port: 4000,
  pid: 7,
  crashes,
});
const waiting: ServerState = {
  name: "waiting",
  ports: [4000, 0],
  milliseconds: 250,
  crashes: [crash(1)],
};
const failed: ServerState = { name: "failed", failure, crashes: [crash(1)] };
const stopping: ServerState = { name: "stopping" };
const STATES: Record<ServerState["name"], ServerState> = {
  stopped: STOPPED,
  starting: starting([crash(1)]),
  ready: ready([crash(1)]),
  waiting,
  failed,
  stopping,
};

const START: Happening = { name: "start", ports: [5000, 0] };
const READY: Happening = { name: "ready", url: "http://localhost:5000", port: 5000, pid: 9 };
const REFUSED: Happening = { name: "refused", failure };

describe("what follows from what happens", () => {
  const anew: ServerState = { name: "starting", ports: [5000, 0], crashes: [] };
  const became: ServerState = { ...READY, name: "ready", crashes: [crash(1)] };
  const again: ServerState = { name: "starting", ports: [4000, 0], crashes: [crash(1)] };
  /** Where nothing is said of a state, it stays the same. */
  const table: [Happening, Partial<Record<ServerState["name"], ServerState>>][] = [
    [START, { stopped: anew, failed: anew }],
    [READY, { starting: became }],
    [REFUSED, { starting: failed }],
    [{ name: "due" }, { waiting: again }],
    [{ name: "stop" }, { starting: stopping, ready: stopping, waiting: STOPPED, failed: STOPPED }],
  ];

  for (const [happening, after] of table) {
    for (const [name, state] of Object.entries(STATES) as [ServerState["name"], ServerState][]) {
      const want = after[name];
      it(`${happening.name} while ${name}: ${want?.name ?? "nothing"}`, () => {
        if (want) expect(next(state, happening)).toEqual(want);
        else expect(next(state, happening)).toBe(state);
      });
    }
  }

  it.each(["stopped", "waiting", "failed"] as const)(
    "the end of an old process means nothing while %s",
    (name) => {
      expect(next(STATES[name], exited(1))).toBe(STATES[name]);
    },
  );

  it.each([0, 1, 2, 3, 4, 5])("has stopped when it ends with %i as it was asked to", (code) => {
    expect(next(stopping, exited(code))).toBe(STOPPED);
  });
});

describe("a crash", () => {
  it("is followed by a wait, then by the same port", () => {
    const state = next(ready(), exited(1));
    expect(state).toEqual({
      name: "waiting",
      ports: [4000, 0],
      milliseconds: 250,
      crashes: [{ at: 1_000, words: "The server ended with code 1 while it ran." }],
    });
    expect(next(state, { name: "due" })).toMatchObject({ name: "starting", ports: [4000, 0] });
  });

  it("while it starts leaves the ports that are to be tried", () => {
    expect(next(starting(), exited(1))).toMatchObject({ name: "waiting", ports: [26866, 4000, 0] });
  });

  it("is waited for longer each time", () => {
    expect(next(ready([crash(900)]), exited(1))).toMatchObject({ name: "waiting", milliseconds: 500 });
  });

  it.each<[string, Happening, string]>([
    ["a signal", exited(null, { signal: "SIGKILL" }), "The server was ended by SIGKILL while it ran."],
    ["nothing known", exited(null), "The server ended with code unknown while it ran."],
  ])("is described: %s", (_, happening, words) => {
    expect(next(ready(), happening)).toMatchObject({ crashes: [{ at: 1_000, words }] });
  });

  it(`of number ${MOST_CRASHES} within a minute is the last`, () => {
    let state: ServerState = starting();
    const names: string[] = [];
    for (const at of [0, 1_000, WITHIN_MILLISECONDS - 1]) {
      state = next(state, exited(1, { at }));
      names.push(state.name);
      state = next(next(state, { name: "due" }), READY);
    }
    expect(names).toEqual(["waiting", "waiting", "failed"]);
    expect(state).toMatchObject({ name: "failed", failure: { kind: "crashed" } });
    expect(state).toHaveProperty("crashes.length", MOST_CRASHES);
  });

  it("is forgotten after a minute", () => {
    const state = next(ready([crash(0), crash(1)]), exited(1, { at: WITHIN_MILLISECONDS + 1 }));
    expect(state).toMatchObject({ name: "waiting", milliseconds: 250 });
    expect(state).toHaveProperty("crashes.length", 1);
  });

  it("counts no more when somebody tries again", () => {
    const state = next(next(failed, START), exited(1));
    expect(state).toMatchObject({ name: "waiting", milliseconds: 250 });
  });
});

describe("an exit code", () => {
  const FINAL: [number, Failure["kind"]][] = [
    [2, "wrong-arguments"],
    [3, "folder-in-use"],
    [4, "database-too-new"],
  ];

  it.each(FINAL)("%i is final while it starts: %s, in the server's words", (code, kind) => {
    const state = next(starting([crash(1)]), exited(code, { said: "It said so." }));
    expect(state).toEqual({ name: "failed", failure: { kind, words: "It said so." }, crashes: [crash(1)] });
  });

  it.each(FINAL)("%i has words of its own where the server said nothing", (code, kind) => {
    const state = next(starting(), exited(code));
    if (state.name !== "failed") throw new Error(state.name);
    expect(state.failure.kind).toBe(kind);
    expect(state.failure.words).toMatch(/\w.*\.$/);
  });

  it.each([2, 3, 4, 5])("%i is a crash like any other while it runs", (code) => {
    expect(next(ready(), exited(code))).toMatchObject({ name: "waiting", ports: [4000, 0] });
  });

  it.each([0, 1, 6, 134])("%i is a crash while it starts", (code) => {
    expect(next(starting(), exited(code))).toMatchObject({ name: "waiting" });
  });

  it("5 makes it try the ports one after the other, at once, and is a crash at the last", () => {
    const second = next(starting([crash(1)]), exited(5));
    expect(second).toEqual({ name: "starting", ports: [4000, 0], crashes: [crash(1)] });
    const third = next(second, exited(5));
    expect(third).toEqual({ name: "starting", ports: [0], crashes: [crash(1)] });
    expect(next(third, exited(5))).toMatchObject({ name: "waiting", ports: [0] });
  });
});
