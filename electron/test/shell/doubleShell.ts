/** The shell in plain Node with the double of Electron. */
import { fork } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import type { Evaluated } from "../double/register";
import type { Ended, LaunchOptions, Shell } from "./driver";
import { matching, until } from "./waiting";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const register = here("../../dist/double/register.cjs");
const shell = here("../../dist/main/index.cjs");

/** Where the windows' Chromium is: sent once, when the app is ready. */
interface Ready {
  chromium: number;
  endpoint: string;
}

export async function launchDouble({
  args = [],
  env = {},
  userData,
  main = shell,
}: LaunchOptions): Promise<Shell> {
  const child = fork(main, [...args, `--user-data-dir=${userData}`], {
    execArgv: ["--require", register],
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
  // What it had started may hold its output open for longer than it lives.
  const closed = new Promise((resolve) => child.once("close", resolve));
  const exited = new Promise<Ended>((resolve) => {
    child.once("exit", (code, signal) => {
      void Promise.race([closed, new Promise((late) => setTimeout(late, 500))]).then(() =>
        resolve({ code, signal }),
      );
    });
  });
  const waiting = new Map<number, (answer: Evaluated) => void>();
  let pid: number | undefined;
  let browser: Browser | undefined;
  let last = 0;

  const connected = new Promise<void>((resolve, reject) => {
    child.on("message", (message: Evaluated | Ready) => {
      if ("evaluated" in message) waiting.get(message.evaluated)?.(message);
      else {
        pid = message.chromium;
        chromium.connectOverCDP(message.endpoint).then((found) => {
          browser = found;
          resolve();
        }, reject);
      }
    });
  });
  connected.catch(() => undefined);

  const evaluate = async (run: unknown, argument?: unknown): Promise<unknown> => {
    const id = (last += 1);
    const answered = new Promise<Evaluated>((resolve) => waiting.set(id, resolve));
    child.send({ evaluate: id, source: String(run), argument }, () => undefined);
    const answer = await Promise.race([answered, exited]);
    waiting.delete(id);
    if (!("evaluated" in answer)) throw new Error(`The shell has ended: ${output}`);
    if ("error" in answer) throw new Error(answer.error);
    return answer.value;
  };
  const windows = (): Page[] => browser?.contexts().flatMap((context) => context.pages()) ?? [];
  const gone = async (): Promise<void> => {
    await exited;
    await until("Chromium's end", () => (pid === undefined || !isAlive(pid) ? true : undefined), 5000);
    await browser?.close();
  };

  // A first instance is driven from here on; one that ends at once, as a second does, is handed out as it is.
  await Promise.race([connected, exited]);
  return {
    evaluate: evaluate,
    windows,
    waitForWindow: (matches) => until("the window", () => matching(windows, matches)),
    process: () => child,
    output: () => output,
    exited,
    close: async () => {
      const asked = evaluate("({ app }) => { setImmediate(() => app.quit()) }");
      await Promise.race([asked.catch(() => undefined), exited]);
      await gone();
    },
    kill: async () => {
      child.kill("SIGKILL");
      await gone().catch((error: unknown) => {
        if (pid !== undefined && isAlive(pid)) process.kill(groupOf(pid), "SIGKILL");
        throw error;
      });
    },
  };
}

/** Its helpers outlive Chromium by a moment; on POSIX they are a group. */
const groupOf = (pid: number): number => (process.platform === "win32" ? pid : -pid);

/** Whether anything of it runs; what has ended but was not waited for, as in containers, does not. */
function isAlive(pid: number): boolean {
  if (existsSync("/proc/self/stat")) return readdirSync("/proc").some((id) => runsIn(id, pid));
  try {
    process.kill(groupOf(pid), 0);
    return true;
  } catch {
    return false;
  }
}

function runsIn(id: string, group: number): boolean {
  if (!/^\d+$/.test(id)) return false;
  try {
    const [, state, , pgrp] = /\) (\w) (\d+) (\d+)/.exec(readFileSync(`/proc/${id}/stat`, "utf8")) ?? [];
    return Number(pgrp) === group && state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}
