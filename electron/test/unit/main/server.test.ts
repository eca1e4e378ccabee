// @vitest-environment node
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Server, type Patience, type ServerOptions } from "../../../src/main/server";
import type { Ports, ServerState } from "../../../src/main/serverState";
import { isAlive, Played, type Plan } from "./program";
import { linesOf, temporaryFolder, temporaryLog } from "./temporary";

/** A file that is no program. */
const FILE = fileURLToPath(import.meta.url);
const VERSION = "1.2.3";

/** How long a start takes, in ms: till then nothing is written to the process. */
const spawning = vi.hoisted(() => ({ takes: 0 }));

vi.mock("node:child_process", async (original) => {
  const real = await original<typeof import("node:child_process")>();
  const spawn = (...given: Parameters<typeof real.spawn>) => {
    const child = real.spawn(...given);
    if (spawning.takes > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, spawning.takes);
    return child;
  };
  return { ...real, spawn };
});

const PATIENT: Patience = { ready: 20_000, end: 10_000, term: 10_000, words: 10_000 };

const readyLine = (more: object = {}): string =>
  `${JSON.stringify({ event: "ready", url: "http://localhost:4321", port: 4321, pid: 99, version: VERSION, ...more })}\n`;
const RUNS: Plan = { prints: readyLine() };
const CRASHES: Plan = { ...RUNS, exits: 1 };

class Stage {
  readonly played: Played;
  readonly log = temporaryLog();
  readonly server: Server;
  readonly states: ServerState[] = [];

  constructor(plans: Plan[], { patience = {}, ports = [4000, 0], ...more }: StageOptions = {}) {
    this.played = new Played(temporaryFolder(), plans);
    this.server = new Server({
      program: this.played.program,
      ports,
      version: VERSION,
      environment: { PATH: process.env.PATH, MARK: "kept" },
      log: this.log,
      patience: { ...PATIENT, ...patience },
      ...more,
    });
    this.server.onChange((state) => this.states.push(state));
    onTestFinished(async () => {
      this.played.clear();
      await this.server.stop();
    });
  }

  get names(): string[] {
    return this.states.map(({ name }) => name);
  }

  /** Those that have read their token. */
  async reached(...names: string[]): Promise<void> {
    await vi.waitFor(() => expect(this.names).toEqual(names), { timeout: 10_000, interval: 5 });
  }

  async begun(count = 1): Promise<void> {
    await vi.waitFor(() => expect(this.played.starts).toHaveLength(count), { timeout: 10_000, interval: 5 });
  }
}

interface StageOptions extends Partial<Pick<ServerOptions, "flags" | "program">> {
  patience?: Partial<Patience>;
  ports?: Ports;
}

afterEach(() => {
  spawning.takes = 0;
  vi.useRealTimers();
});

describe("the start", () => {
  it("is over with the ready line, which says where the server is", async () => {
    const { server, ...stage } = await running();
    expect(server.state).toEqual({
      name: "ready",
      url: "http://localhost:4321",
      port: 4321,
      pid: 99,
      crashes: [],
    });
    expect(server.running).toEqual({ url: "http://localhost:4321", token: stage.start.told.token });
  });

  it("says what it was started with", async () => {
    const { start } = await running({ flags: ["--data-dir", "/x"] });
    const want = [
      "serve",
      "--host",
      "127.0.0.1",
      "--port",
      "4000",
      "--no-open",
      "--token-stdin",
      "--data-dir",
      "/x",
    ];
    expect(start.argv).toEqual(want);
    expect(start.environment).toMatchObject({ MARK: "kept" });
  });

  it("gives the token over stdin alone", async () => {
    const { start, server, stage } = await running();
    const { token } = start.told;
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify([start.argv, start.environment])).not.toContain(token);
    expect(server.tried.join()).not.toContain(token);
    expect(linesOf(stage.log).join()).not.toContain(token);
  });

  it("hears what is said on stderr, and writes it down", async () => {
    const { server, stage } = await running({}, { says: ["one", "two"] });
    await vi.waitFor(() => expect(server.said).toEqual(["one", "two"]));
    expect(linesOf(stage.log)).toEqual(expect.arrayContaining(["server: starting", "one", "two"]));
  });

  it("keeps no more than the newest 200 lines", async () => {
    const says = Array.from({ length: 250 }, (_, n) => `line ${n}`);
    const { server } = await running({}, { says });
    await vi.waitFor(() => expect(server.said.at(-1)).toBe("line 249"));
    expect(server.said).toHaveLength(200);
    expect(server.said[0]).toBe("line 50");
  });

  it("takes a line that comes in pieces, and no other after it", async () => {
    const { server } = await running({}, { prints: `${readyLine()}${readyLine({ port: 1 })}garbage\n` });
    expect(server.state).toMatchObject({ name: "ready", port: 4321 });
  });

  it("means nothing while the server runs", async () => {
    const { server, stage } = await running();
    server.start();
    expect(stage.names).toEqual(["starting", "ready"]);
  });

  it.each<[string, string]>([
    ["another program's words", "Listening on port 80\n"],
    ["words without an end", "Welcome"],
    ["null", "null\n"],
    ["a number", "5\n"],
    ["nothing", "\n"],
    ["a list", "[]\n"],
    ["another event", `${JSON.stringify({ event: "hello", version: VERSION })}\n`],
    ["no address", readyLine({ url: undefined })],
    ["a port that is none", readyLine({ port: "4321" })],
  ])("refuses what is not Cowork's server: %s", async (_, prints) => {
    const stage = new Stage([{ prints, ...(!prints.endsWith("\n") && { exits: 0 }) }]);
    stage.server.start();
    await stage.reached("starting", "failed");
    const words = "What was started is not Cowork's server.";
    expect(stage.server.state).toMatchObject({ failure: { kind: "crashed", words } });
    expect(stage.server.running).toBeNull();
    await gone(stage);
  });

  it.each(["1.2.4", undefined, 123])("refuses a server of version %s, and ends it", async (version) => {
    const stage = new Stage([{ prints: readyLine({ version }) }]);
    stage.server.start();
    await stage.reached("starting", "failed");
    expect(stage.server.state).toMatchObject({ failure: { kind: "different" } });
    expect(stage.server.state).toHaveProperty(
      "failure.words",
      `This is Cowork 1.2.3, and its server is ${version}. Install Cowork again.`,
    );
    await gone(stage);
    expect(stage.names).toEqual(["starting", "failed"]);
  });

  it("kills a refused server that does not want to end", async () => {
    const plan: Plan = { prints: readyLine({ version: "0" }), isDeaf: true };
    const stage = new Stage([plan], { patience: { end: 50, term: 50 } });
    stage.server.start();
    await stage.reached("starting", "failed");
    await gone(stage);
  });

  it.each<[string, ServerOptions["program"]]>([
    ["is not there", { command: "/nowhere/cowork-server", arguments: [] }],
    ["lies in a file", { command: join(FILE, "cowork-server"), arguments: [] }],
    ["is no program", { command: FILE, arguments: [] }],
    ["has a folder that is not there", { command: process.execPath, arguments: [], folder: "/nowhere" }],
  ])("fails where the program %s", async (_, program) => {
    const stage = new Stage([RUNS], { program });
    stage.server.start();
    await stage.reached("starting", "failed");
    expect(stage.server.state).toMatchObject({ failure: { kind: "not-found" } });
    expect(stage.server.tried.join("\n")).toContain("The server cannot be started: ");
    await stage.server.stop();
    expect(stage.names).toEqual(["starting", "failed", "stopped"]);
  });

  it("is tried again at another port where the first is taken", async () => {
    const taken: Plan = { says: ["cowork-desktop: Port 4000 is taken."], exits: 5 };
    const stage = new Stage([taken, RUNS]);
    stage.server.start();
    await stage.reached("starting", "starting", "ready");
    expect(stage.played.ports).toEqual(["4000", "0"]);
    expect(stage.server.tried).toHaveLength(3);
  });

  it("fails with the server's last words where they are final", async () => {
    const plan: Plan = { says: ["INFO begins", "cowork-desktop: Another one has the folder."], exits: 3 };
    const stage = new Stage([plan]);
    stage.server.start();
    await stage.reached("starting", "failed");
    const failure = { kind: "folder-in-use", words: "Another one has the folder." };
    expect(stage.server.state).toEqual({ name: "failed", failure, crashes: [] });
    expect(stage.server.tried.at(-1)).toBe("It ended with code 3.");
  });

  it("is no longer waited for when that was long enough", async () => {
    const stage = new Stage([{}, RUNS], { patience: { ready: 300 } });
    stage.server.start();
    await stage.reached("starting", "waiting", "starting", "ready");
    expect(stage.server.tried).toContain("It did not say within 0.3 s that it is ready.");
    expect(stage.server.tried).toContain("It was ended by SIGKILL.");
  });

  it("is not held up by words that do not end", async () => {
    const stage = new Stage([{ prints: "Welcome" }], { patience: { ready: 300 } });
    stage.server.start();
    await stage.reached("starting", "failed");
    expect(stage.server.tried).toContain("It did not say within 0.3 s that it is ready.");
    await gone(stage);
  });
});

describe("a crash", () => {
  it("is followed by a start at the same port, with another token", async () => {
    const stage = new Stage([CRASHES, RUNS]);
    stage.server.start();
    await stage.reached("starting", "ready", "waiting", "starting", "ready");
    expect(stage.played.ports).toEqual(["4000", "4321"]);
    const [first, second] = stage.played.starts.map(({ told }) => told.token);
    expect(second).not.toBe(first);
    expect(stage.server.running?.token).toBe(second);
  });

  it("leaves nobody to be called, from the moment when the process has ended", async () => {
    const { server, start } = await running({}, { leavesBehind: true });
    process.kill(start.pid, "SIGKILL");
    await vi.waitFor(() => expect(server.running).toBeNull(), { timeout: 5_000, interval: 5 });
    // Another process holds what it says, so its end is not known in full.
    expect(server.state.name).toBe("ready");
  });

  it("is told of though another process holds what the server said", async () => {
    const plan: Plan = { ...CRASHES, leavesBehind: true };
    const stage = new Stage([plan, RUNS], { patience: { words: 100 } });
    stage.server.start();
    await stage.reached("starting", "ready", "waiting", "starting", "ready");
  });

  it("before it has read its token is one like any other", async () => {
    const stage = new Stage([{ exitsUnread: 1 }, RUNS]);
    stage.server.start();
    await stage.reached("starting", "waiting", "starting", "ready");
  });

  it("before its token could be written is one like any other, too", async () => {
    spawning.takes = 200;
    const program = { command: "/bin/sh", arguments: ["-c", "exit 6"] };
    const stage = new Stage([], { program });
    stage.server.start();
    await stage.reached("starting", "waiting");
    expect(stage.server.tried.at(-1)).toBe("It ended with code 6.");
  });

  it("that happens again and again is the end, until somebody tries again", async () => {
    const stage = new Stage([CRASHES, { kills: "SIGKILL" }, { exits: 0 }, RUNS]);
    stage.server.start();
    const first = ["starting", "ready", "waiting", "starting", "waiting", "starting", "failed"];
    await stage.reached(...first);
    const { state } = stage.server;
    if (state.name !== "failed") throw new Error(state.name);
    expect(state.crashes.map(({ words }) => words)).toEqual([
      "The server ended with code 1 while it ran.",
      "The server was ended by SIGKILL while it started.",
      "The server ended with code 0 while it started.",
    ]);
    expect(stage.server.tried.filter((line) => line.startsWith("It "))).toEqual([
      "It ended with code 1.",
      "It was ended by SIGKILL.",
      "It ended with code 0.",
    ]);
    stage.server.start();
    await stage.reached(...first, "starting", "ready");
    expect(stage.server.tried).toHaveLength(1);
    expect(stage.played.ports).toEqual(["4000", "4321", "4321", "4321"]);
  });
});

describe("stopping", () => {
  it("closes the server's stdin, and is over when the process is gone", async () => {
    const { server, start, stage } = await running({}, { exitsAsked: 0 });
    const stopped = server.stop();
    expect(server.state.name).toBe("stopping");
    expect(server.running).toBeNull();
    await stopped;
    expect(isAlive(start.pid)).toBe(false);
    expect(stage.names).toEqual(["starting", "ready", "stopping", "stopped"]);
    expect(server.tried.at(-1)).toBe("It ended with code 0.");
  });

  it("kills a server that hears nothing", async () => {
    const { server, start } = await running({ patience: { end: 50, term: 50 } }, { isDeaf: true });
    await server.stop();
    expect(isAlive(start.pid)).toBe(false);
    expect(server.tried.at(-1)).toBe("It was ended by SIGKILL.");
  });

  it("kills nobody who ends in time", async () => {
    const { server } = await running({}, { exitsAsked: 7 });
    await server.stop();
    expect(server.tried.at(-1)).toBe("It ended with code 7.");
  });

  it("does not wait for whoever holds what the server said", async () => {
    const { server, start } = await running({ patience: { words: 50 } }, { leavesBehind: true });
    await server.stop();
    expect(isAlive(start.pid)).toBe(false);
  });

  it("twice waits twice for the same end", async () => {
    const { server, start, stage } = await running();
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(start.pid)).toBe(false);
    expect(stage.names).toEqual(["starting", "ready", "stopping", "stopped"]);
    await server.stop();
  });

  it("while it starts ends what was started", async () => {
    const stage = new Stage([{}]);
    stage.server.start();
    await stage.begun();
    await stage.server.stop();
    expect(stage.names).toEqual(["starting", "stopping", "stopped"]);
    await gone(stage);
  });

  it("means that a ready line comes too late", async () => {
    const stage = new Stage([RUNS]);
    stage.server.start();
    await stage.server.stop();
    expect(stage.names).toEqual(["starting", "stopping", "stopped"]);
    expect(stage.server.running).toBeNull();
  });

  it.each(["stop", "stopAtOnce"] as const)(
    "while it waits: nothing is started any more (%s)",
    async (how) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const stage = new Stage([{ exits: 1 }]);
      stage.server.start();
      await stage.reached("starting", "waiting");
      await stage.server[how]();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(stage.names).toEqual(["starting", "waiting", "stopped"]);
      expect(stage.played.starts).toHaveLength(1);
    },
  );

  it("at once does not wait, and the server ends all the same", async () => {
    const { server, start, stage } = await running();
    server.stopAtOnce();
    expect(server.state.name).toBe("stopping");
    await stage.reached("starting", "ready", "stopping", "stopped");
    expect(isAlive(start.pid)).toBe(false);
  });

  it("what was never started is at once over", async () => {
    const { server, names } = new Stage([RUNS]);
    await server.stop();
    expect(names).toEqual([]);
  });

  it("and starting again gives a new server", async () => {
    const { server, stage } = await running();
    await server.stop();
    server.start();
    await stage.reached("starting", "ready", "stopping", "stopped", "starting", "ready");
  });
});

describe("trying again", () => {
  const slow: Plan = { prints: readyLine({ version: "0" }), isDeaf: true };
  const patience = { end: 150, term: 150 };

  it("waits until the old process has gone, as that holds the data folder", async () => {
    const stage = new Stage([slow, RUNS], { patience });
    stage.server.start();
    await stage.reached("starting", "failed");
    stage.server.start();
    stage.server.start();
    expect(stage.names).toEqual(["starting", "failed"]);
    await stage.reached("starting", "failed", "starting", "ready");
    expect(isAlive(stage.played.starts[0]?.pid ?? 0)).toBe(false);
    expect(stage.played.starts).toHaveLength(2);
  });

  it("is given up where the app is quit meanwhile", async () => {
    const stage = new Stage([slow, RUNS], { patience });
    stage.server.start();
    await stage.reached("starting", "failed");
    stage.server.start();
    await stage.server.stop();
    expect(stage.names).toEqual(["starting", "failed", "stopped"]);
    expect(stage.played.starts).toHaveLength(1);
    await gone(stage);
  });
});

describe("those who hear of it", () => {
  it("hear no more when they have had enough", async () => {
    const stage = new Stage([RUNS]);
    const reader = vi.fn();
    const leave = stage.server.onChange(reader);
    stage.server.start();
    await stage.reached("starting", "ready");
    leave();
    await stage.server.stop();
    expect(reader.mock.calls.map(([state]) => (state as ServerState).name)).toEqual(["starting", "ready"]);
  });

  it("may stop it from there", async () => {
    const stage = new Stage([RUNS]);
    const stopped: Promise<void>[] = [];
    stage.server.onChange(({ name }) => {
      if (name === "starting") stopped.push(stage.server.stop());
    });
    stage.server.start();
    await Promise.all(stopped);
    expect(stage.played.starts).toEqual([]);
    expect(stage.server.tried).toEqual([]);
  });
});

/** One that runs; `more`: what it does besides. */
async function running(options: StageOptions = {}, more: Plan = {}) {
  const stage = new Stage([{ ...RUNS, ...more }], options);
  stage.server.start();
  await stage.reached("starting", "ready");
  const [start] = stage.played.starts;
  if (!start) throw new Error("It did not start.");
  return { stage, start, server: stage.server };
}

/** All that were started have ended. */
async function gone(stage: Stage): Promise<void> {
  await vi.waitFor(() => expect(stage.played.starts.filter(({ pid }) => isAlive(pid))).toEqual([]), {
    timeout: 5_000,
  });
}
