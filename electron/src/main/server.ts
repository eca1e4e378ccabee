/** The server's process: started with a token of its own each time, started again a few times, ended in order. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Log } from "./log";
import type { Program } from "./program";
import { next, STOPPED, type Happening, type Ports, type ServerState } from "./serverState";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

export interface ServerOptions {
  program: Program;
  /** More flags, as for the data folder. */
  flags?: string[];
  ports: Ports;
  /** What the server's must be. */
  version: string;
  environment: NodeJS.ProcessEnv;
  log: Log;
  patience?: Patience;
}

/** How long is waited, in ms. */
export interface Patience {
  /** For it to say that it is ready. */
  ready: number;
  /** For its end when it was asked for that, before SIGTERM. */
  end: number;
  /** Then, before SIGKILL. */
  term: number;
  /** When it has ended, for the end of what it says, as others may have got hold of that. */
  words: number;
}

/** Where the server is, and what it asks of those who call. */
export interface Running {
  url: string;
  token: string;
}

const MOST_NOTED = 30;
const PATIENCE: Patience = { ready: 60_000, end: 5_000, term: 2_000, words: 1_000 };

export class Server {
  state: ServerState = STOPPED;
  /** What the last process said on stderr, the newest at the end. */
  readonly said: string[] = [];
  /** What was tried, the newest at the end. */
  readonly tried: string[] = [];

  private child: Child | null = null;
  private token: string | null = null;
  /** Where it was, and where pages look for it. */
  private lastPort: number | null = null;
  /** It is to be started when the last process has gone. */
  private isToFollow = false;
  private readonly readers = new Set<(state: ServerState) => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly patience: Patience;

  constructor(private readonly options: ServerOptions) {
    this.patience = options.patience ?? PATIENCE;
  }

  /** Hears each new state, until what is returned is called. */
  onChange(reader: (state: ServerState) => void): () => void {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  }

  /** Null while nobody may be called: whoever holds the port then need not be ours. */
  get running(): Running | null {
    return this.state.name === "ready" && this.token ? { url: this.state.url, token: this.token } : null;
  }

  /** Start it, also after it failed. */
  start(): void {
    if (this.child && (this.state.name === "failed" || this.state.name === "stopped")) {
      // The last one has not gone yet, and holds the data folder.
      this.isToFollow = true;
      return;
    }
    if (this.state.name === "failed") this.tried.length = 0;
    const { ports } = this.options;
    this.happen({ name: "start", ports: this.lastPort === null ? ports : [this.lastPort, ...ports] });
  }

  /** Ask it to end, and wait until it has; then the process is gone, whatever that took. */
  async stop(): Promise<void> {
    const child = this.child;
    this.forgo();
    if (child && !isOver(child)) await this.end(child);
  }

  /** End it now, without waiting: the session of the user ends. */
  stopAtOnce(): void {
    this.forgo();
    this.child?.stdin.end();
  }

  private forgo(): void {
    clearTimeout(this.timer);
    this.isToFollow = false;
    this.happen({ name: "stop" });
  }

  /** Ask ever more firmly, until it has ended. */
  private async end(child: Child): Promise<void> {
    const { end, term } = this.patience;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.stdin.end();
    const firm = setTimeout(() => child.kill("SIGTERM"), end);
    const firmer = setTimeout(() => !isOver(child) && child.kill("SIGKILL"), end + term);
    await ended;
    clearTimeout(firm);
    clearTimeout(firmer);
  }

  private happen(happening: Happening): void {
    const state = next(this.state, happening);
    if (this.state === state) return;
    this.state = state;
    this.options.log.write(`server: ${state.name}`);
    if (state.name === "waiting") {
      this.timer = setTimeout(() => this.happen({ name: "due" }), state.milliseconds);
    }
    this.readers.forEach((reader) => reader(state));
    // A reader may have stopped it.
    if (state.name === "starting" && this.state === state) this.spawn(state.ports[0]);
  }

  private spawn(port: number): void {
    const { program, flags = [], environment } = this.options;
    const serve = [
      "serve",
      "--host",
      "127.0.0.1",
      "--port",
      String(port),
      "--no-open",
      "--token-stdin",
      ...flags,
    ];
    this.note(`${program.command} ${[...program.arguments, ...serve].join(" ")}`);
    this.said.length = 0;
    // A new one each time: what was told to one process is worth nothing to whoever takes its port.
    const token = (this.token = randomBytes(32).toString("base64url"));
    let child: Child;
    try {
      child = spawn(program.command, [...program.arguments, ...serve], {
        stdio: ["pipe", "pipe", "pipe"],
        cwd: program.folder,
        env: environment,
        windowsHide: true,
      });
    } catch (error) {
      this.refuse("not-found", `The server cannot be started: ${String(error)}.`);
      return;
    }
    this.child = child;
    this.attend(child, token);
  }

  private attend(child: Child, token: string): void {
    const { ready, words } = this.patience;
    let wordless: ReturnType<typeof setTimeout> | undefined;
    // It may end before it has read anything.
    child.stdin.on("error", () => undefined);
    child.stdin.write(`${JSON.stringify({ token })}\n`);
    createInterface(child.stderr).on("line", (line) => this.hear(line));
    const late = setTimeout(() => {
      this.note(`It did not say within ${ready / 1000} s that it is ready.`);
      child.kill("SIGKILL");
    }, ready);
    createInterface(child.stdout).once("line", (line) => {
      clearTimeout(late);
      this.takeReady(child, line);
    });
    child.once("error", (error) => {
      clearTimeout(late);
      // Nothing was started, so nothing will end.
      if (child.pid === undefined)
        this.refuse("not-found", `The server cannot be started: ${error.message}.`);
    });
    child.once("exit", () => {
      // From here on the port may be anybody's.
      if (this.child === child) this.token = null;
      wordless = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, words);
    });
    // What it said last is heard before this.
    child.once("close", (code, signal) => {
      clearTimeout(late);
      clearTimeout(wordless);
      if (this.child !== child) return;
      this.child = null;
      this.ended(code, signal);
      if (!this.isToFollow) return;
      this.isToFollow = false;
      this.start();
    });
  }

  private ended(code: number | null, signal: string | null): void {
    const said = (this.said.at(-1) ?? "").replace(/^cowork-desktop: /, "");
    this.note(signal ? `It was ended by ${signal}.` : `It ended with code ${code ?? "unknown"}.`);
    this.happen({ name: "exited", code, signal, at: performance.now(), said });
  }

  private takeReady(child: Child, line: string): void {
    let told: { event?: unknown; url?: unknown; port?: unknown; pid?: unknown; version?: unknown };
    try {
      told = (JSON.parse(line) ?? {}) as typeof told;
    } catch {
      told = {};
    }
    const { url, port, pid, version } = told;
    if (told.event !== "ready" || typeof url !== "string" || typeof port !== "number") {
      this.refuse("crashed", "What was started is not Cowork's server.");
    } else if (version !== this.options.version) {
      const words = `This is Cowork ${this.options.version}, and its server is ${String(version)}. Install Cowork again.`;
      this.refuse("different", words);
    } else {
      this.lastPort = port;
      this.happen({ name: "ready", url, port, pid: Number(pid) });
      return;
    }
    child.kill("SIGTERM");
    void this.end(child);
  }

  private refuse(kind: "crashed" | "different" | "not-found", words: string): void {
    this.note(words);
    this.happen({ name: "refused", failure: { kind, words } });
  }

  private note(line: string): void {
    this.tried.push(line);
    if (this.tried.length > MOST_NOTED) this.tried.shift();
  }

  private hear(line: string): void {
    this.options.log.write(line);
    this.said.push(line);
    if (this.said.length > 200) this.said.shift();
  }
}

/** `killed` only tells that a signal was sent. */
const isOver = (child: Child): boolean => child.exitCode !== null || child.signalCode !== null;
