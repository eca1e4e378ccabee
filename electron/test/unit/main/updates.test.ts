// @vitest-environment node
import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "rolldown";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findUpdater, Updates, type Updater } from "../../../src/main/updates";
import { linesOf, temporaryFolder, temporaryLog } from "./temporary";

const HOURS = 60 * 60 * 1000;
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Notes what is done, in order. */
class Fetched implements Updater {
  autoDownload = false;
  autoInstallOnAppQuit = false;
  readonly done: unknown[] = [];
  private readonly hear: Record<string, (told: never) => void> = {};
  checks: (() => Promise<unknown>)[] = [];

  on(event: string, hear: (told: never) => void): void {
    this.hear[event] = hear;
  }

  tell(event: string, told: unknown): void {
    this.hear[event]?.(told as never);
  }

  checkForUpdates(): Promise<unknown> {
    this.done.push("check");
    return this.checks.shift()?.() ?? Promise.resolve(null);
  }

  quitAndInstall(...how: boolean[]): void {
    this.done.push(["install", ...how]);
  }
}

function stage(drain: (done: unknown[]) => Promise<boolean>) {
  const updater = new Fetched();
  const log = temporaryLog();
  const onReady = vi.fn();
  const onFailed = vi.fn();
  const updates = new Updates({ updater, drain: () => drain(updater.done), onReady, onFailed, log });
  return { updater, updates, onReady, onFailed, log };
}

const agreed = (done: unknown[]) => {
  done.push("drained");
  return Promise.resolve(true);
};

afterEach(() => void vi.useRealTimers());

describe("updates", () => {
  it("are fetched by themselves, told of, and installed at the latest when the app is quit", () => {
    const { updater, onReady } = stage(agreed);
    expect(updater).toMatchObject({ autoDownload: true, autoInstallOnAppQuit: true });
    updater.tell("update-downloaded", { version: "2.0.0" });
    expect(onReady.mock.calls).toEqual([["2.0.0"]]);
    expect(updater.done).toEqual([]);
  });

  it("are installed when the server has ended, and the app is started again", async () => {
    const { updater, updates } = stage(agreed);
    await updates.install();
    expect(updater.done).toEqual(["drained", ["install", false, true]]);
  });

  it("are not installed where the user lets the tasks run", async () => {
    const { updater, updates } = stage(() => Promise.resolve(false));
    await updates.install();
    expect(updater.done).toEqual([]);
  });

  it("that cannot be installed leave the app running, and tell so once", async () => {
    const { updater, updates, onFailed, log } = stage(agreed);
    updater.tell("error", new Error("No network."));
    expect(onFailed).not.toHaveBeenCalled();
    await updates.install();
    updater.tell("error", new Error("No leave."));
    updater.tell("error", new Error("No leave."));
    expect(onFailed).toHaveBeenCalledOnce();
    expect(linesOf(log)).toHaveLength(3);
  });

  it("are not installed where the session of the user ends", () => {
    const { updater, updates } = stage(agreed);
    updates.hurry();
    expect(updater.autoInstallOnAppQuit).toBe(false);
  });

  it("are looked for at once, and every six hours", async () => {
    vi.useFakeTimers();
    const { updater, updates } = stage(agreed);
    updates.keepLooking();
    expect(updater.done).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(6 * HOURS - 1);
    expect(updater.done).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(6 * HOURS + 1);
    expect(updater.done).toEqual(["check", "check", "check"]);
  });

  it("that cannot be looked for cost a line of the log, and are looked for again", async () => {
    vi.useFakeTimers();
    const { updater, updates, log } = stage(agreed);
    updater.checks = [() => Promise.reject(new Error("No network."))];
    updates.keepLooking();
    updater.tell("error", new Error("No place."));
    await vi.advanceTimersByTimeAsync(6 * HOURS);
    expect(linesOf(log)).toEqual(["update: No place.", "update: Error: No network."]);
    expect(updater.done).toEqual(["check", "check"]);
  });
});

describe("what fetches them", () => {
  function resources(isPublished: boolean): string {
    const folder = temporaryFolder();
    if (isPublished) writeFileSync(join(folder, "app-update.yml"), "provider: generic\n");
    return folder;
  }

  it.each([
    [false, true],
    [true, false],
  ])("is not there where packaged is %s and published %s", async (isPackaged, isPublished) => {
    expect(await findUpdater(isPackaged, resources(isPublished))).toBeNull();
  });

  it("is electron-updater's in a published app, as the app is built", async () => {
    const folder = resources(true);
    await build({
      input: here("../../../src/main/updates.ts"),
      external: ["electron-updater", /^node:/],
      platform: "node",
      output: { file: join(folder, "updates.cjs"), format: "cjs" },
      logLevel: "warn",
    });
    symlinkSync(here("../../../node_modules"), join(folder, "node_modules"));
    mkdirSync(join(folder, "app"));
    // Electron itself is there only when the app runs.
    writeFileSync(
      join(folder, "app", "run.cjs"),
      `const Module = require("node:module");
       const load = Module._load;
       const app = { isPackaged: true, getVersion: () => "1.0.0", getName: () => "Cowork", getPath: () => ${JSON.stringify(folder)} };
       Module._load = (name, ...more) => name === "electron" ? { app } : load(name, ...more);
       process.resourcesPath = ${JSON.stringify(folder)};
       require("../updates.cjs").findUpdater(true, process.resourcesPath).then((updater) => {
         const methods = ["on", "checkForUpdates", "quitAndInstall"].map((name) => typeof updater[name]);
         console.log(JSON.stringify([...methods, updater.autoDownload]));
         process.exit(0);
       });`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "app", "run.cjs")]);
    expect(JSON.parse(stdout)).toEqual(["function", "function", "function", true]);
  });
});
