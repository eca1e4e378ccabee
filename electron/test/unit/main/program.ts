/** Stands in for the server's executable: each start does what its plan says. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "../../../src/main/program";

/** What a start does, when it has read its token. */
export interface Plan {
  says?: string[];
  prints?: string;
  /** Of itself, at once. */
  exits?: number;
  /** By this signal, at once. */
  kills?: NodeJS.Signals;
  /** Before it has read anything. */
  exitsUnread?: number;
  /** When its stdin closes; 0 where nothing is said. */
  exitsAsked?: number;
  /** It hears neither SIGTERM nor that its stdin closes. */
  isDeaf?: boolean;
  /** A process that holds its stdout and stderr, and outlives it. */
  leavesBehind?: boolean;
}

/** What a start has found. */
export interface Start {
  argv: string[];
  environment: Record<string, string>;
  told: { token: string };
  pid: number;
}

const SCRIPT = String.raw`
const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");

const [folder, ...argv] = process.argv.slice(2);
const plans = JSON.parse(readFileSync(folder + "/plans", "utf8"));
const plan = plans.length > 1 ? plans.shift() : plans[0];
writeFileSync(folder + "/plans", JSON.stringify(plans));

if (plan.isDeaf) process.on("SIGTERM", () => undefined);
if (plan.exitsUnread !== undefined) process.exit(plan.exitsUnread);

const input = createInterface(process.stdin);
input.once("line", (line) => {
  const start = { argv, environment: process.env, told: JSON.parse(line), pid: process.pid };
  appendFileSync(folder + "/starts", JSON.stringify(start) + "\n");
  for (const said of plan.says ?? []) process.stderr.write(said + "\n");
  if (plan.leavesBehind) {
    const stdio = ["ignore", "inherit", "inherit"];
    const wait = "setTimeout(() => undefined, 20_000)";
    const behind = spawn(process.execPath, ["-e", wait], { stdio, detached: true });
    appendFileSync(folder + "/behind", behind.pid + "\n");
    behind.unref();
  }
  if (plan.prints !== undefined) process.stdout.write(plan.prints);
  if (plan.exits !== undefined) setTimeout(() => process.exit(plan.exits), 20);
  if (plan.kills !== undefined) setTimeout(() => process.kill(process.pid, plan.kills), 20);
});
input.once("close", () => plan.isDeaf || process.exit(plan.exitsAsked ?? 0));
setInterval(() => undefined, 1_000);
`;

/** A program in a folder of its own. */
export class Played {
  readonly program: Program;

  /** `plans`: of each start; the last one is kept to. */
  constructor(
    private readonly folder: string,
    plans: Plan[],
  ) {
    const script = join(folder, "program.cjs");
    writeFileSync(script, SCRIPT);
    writeFileSync(join(folder, "plans"), JSON.stringify(plans));
    this.program = { command: process.execPath, arguments: [script, folder] };
  }

  /** Those that have read their token. */
  get starts(): Start[] {
    return this.lines("starts").map((line) => JSON.parse(line) as Start);
  }

  get ports(): string[] {
    return this.starts.map(({ argv }) => argv[argv.indexOf("--port") + 1] ?? "");
  }

  /** Ends all that still runs. */
  clear(): void {
    const pids = [...this.lines("behind").map(Number), ...this.starts.map(({ pid }) => pid)];
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  }

  private lines(name: string): string[] {
    const file = join(this.folder, name);
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
