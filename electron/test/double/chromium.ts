/** The Chromium that shows the double's windows; it is held by a pipe and ends with this process, however that ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Protocol } from "../../node_modules/playwright-core/types/protocol";
import { chromiumProgram } from "./chromiumProgram";

const onPosix = process.platform !== "win32";
const quiet = [
  "--headless",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-features=Translate,HttpsUpgrades,MediaRouter",
  // Windows are shown as a desktop's are: their pages run on when they are covered, and open windows without a click.
  "--disable-popup-blocking",
  "--disable-backgrounding-occluded-windows",
  "--no-startup-window",
];

type Commands = Protocol.CommandParameters;
type Events = { [E in keyof Protocol.Events]: Protocol.Events[E] };

interface Waiting {
  method: string;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

interface Answer {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { message: string };
}

/** One target's half of the DevTools protocol; without an id it is the browser's own. */
export class CdpSession extends EventEmitter {
  constructor(
    private readonly chromium: Chromium,
    readonly id?: string,
  ) {
    super();
  }

  send<M extends keyof Commands>(method: M, params?: Commands[M]): Promise<Protocol.CommandReturnValues[M]> {
    return this.chromium.send(this.id, method, params) as Promise<Protocol.CommandReturnValues[M]>;
  }

  /** As `send`, where it does not matter that the target may be gone by now. */
  tell<M extends keyof Commands>(method: M, params?: Commands[M]): void {
    this.send(method, params).catch(() => undefined);
  }

  listen<E extends keyof Events>(event: E, listener: (payload: Events[E]) => void): void {
    this.on(event, listener);
  }
}

export class Chromium {
  readonly browser = new CdpSession(this);
  /** Where other clients of the DevTools protocol connect. */
  readonly endpoint: Promise<string>;
  readonly ended: Promise<unknown>;
  private readonly sessions = new Map<string | undefined, CdpSession>([[undefined, this.browser]]);
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;
  private closing = false;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, "exit");
    this.endpoint = endpointOf(child.stderr);
    this.endpoint.catch(() => undefined);
    this.read(child.stdio[4] as Readable);
    (child.stdio[3] as Writable).on("error", () => undefined);
    void this.ended.then(() => {
      for (const { reject } of this.waiting.values()) reject(new Error("Chromium has ended"));
      if (this.closing) return;
      console.error("The double of electron has lost its Chromium");
      process.exit(70);
    });
    process.once("exit", () => child.kill("SIGKILL"));
  }

  /** With its profile in the folder `profile`; waits until an earlier one has let go of it. */
  static async start(profile: string): Promise<Chromium> {
    await released(profile);
    const asRoot = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const remote = ["--remote-debugging-pipe", "--remote-debugging-port=0", `--user-data-dir=${profile}`];
    const child = spawn(program(), [...quiet, ...asRoot, ...remote], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      // A group of its own, by which a driver sees whether all of it has ended.
      detached: onPosix,
    });
    child.on("error", (error) => {
      throw error;
    });
    return new Chromium(child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  session(id: string): CdpSession {
    const session = this.sessions.get(id) ?? new CdpSession(this, id);
    this.sessions.set(id, session);
    return session;
  }

  forget(id: string): void {
    this.sessions.delete(id);
  }

  send(sessionId: string | undefined, method: string, params: unknown): Promise<unknown> {
    const id = (this.last += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { method, resolve, reject });
      (this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, sessionId, method, params })}\0`);
    });
  }

  /** Ends it in its own time, so that it writes what it stores; after 3 s at once. */
  async close(): Promise<void> {
    this.closing = true;
    const killed = setTimeout(() => this.child.kill("SIGKILL"), 3000);
    this.browser.tell("Browser.close");
    await this.ended;
    clearTimeout(killed);
  }

  private read(pipe: Readable): void {
    let rest = "";
    pipe.setEncoding("utf8").on("data", (text: string) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) this.take(JSON.parse(message) as Answer);
    });
  }

  private take(message: Answer): void {
    if (message.id === undefined) {
      this.sessions.get(message.sessionId)?.emit(message.method ?? "", message.params);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(`${waiting.method}: ${message.error.message}`));
    else waiting?.resolve(message.result);
  }
}

function program(): string {
  const found = chromiumProgram();
  if (found === undefined)
    throw new Error("The double of electron needs Chromium or Chrome; CHROMIUM says where it is");
  return found;
}

/** Its line about the port may come in pieces; the rest of what it says is read and dropped, or it would block. */
function endpointOf(stderr: Readable | null): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    stderr?.setEncoding("utf8").on("data", (piece: string) => {
      text = (text + piece).slice(-10_000);
      const found = /DevTools listening on (ws:\S+)\s/.exec(text);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    stderr?.on("close", () => {
      reject(new Error(`Chromium has ended, and said: ${text}`));
    });
  });
}

/** Chromium ends a moment after a killed shell; a second one on its profile would hand its windows to it and end. */
async function released(profile: string): Promise<void> {
  for (let tries = 0; tries < 100 && isHeld(profile); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

function isHeld(profile: string): boolean {
  try {
    const holder = Number(readlinkSync(join(profile, "SingletonLock")).split("-").at(-1));
    process.kill(holder, 0);
    return true;
  } catch {
    return false;
  }
}
