/** Starts the shell for a spec: under the double of Electron, or with `COWORK_ELECTRON=1` under the real one. */
import type { ChildProcess } from "node:child_process";
import type { Page } from "playwright-core";
import { launchDouble } from "./doubleShell";
import { launchElectron } from "./electronShell";

export type ElectronModule = typeof Electron.CrossProcessExports;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface LaunchOptions {
  args?: string[];
  env?: Record<string, string>;
  /** The folder of the app's data; the caller makes and removes it. */
  userData: string;
  /** The main script, if it is not the shell's. */
  main?: string;
}

export interface Shell {
  /** Runs `run` in the main process: nothing of the spec's own is there but `argument`, which goes as JSON, as does the answer. */
  evaluate<R>(run: (electron: ElectronModule) => R | Promise<R>): Promise<R>;
  evaluate<R, A>(run: (electron: ElectronModule, argument: A) => R | Promise<R>, argument: A): Promise<R>;
  /** The pages of the windows that there are; under the double none before the app is ready. */
  windows(): Page[];
  /** The first page that `matches`, now or within 30 s. */
  waitForWindow(matches: (page: Page) => boolean | Promise<boolean>): Promise<Page>;
  process(): ChildProcess;
  /** What it has written to stdout and stderr so far. */
  output(): string;
  exited: Promise<Ended>;
  /** Asks the app to quit, and waits until it has. */
  close(): Promise<void>;
  /** Kills it at once, and waits until nothing that showed its windows is left. */
  kill(): Promise<void>;
}

/** Whether specs run on the real Electron. */
export const isElectron = process.env.COWORK_ELECTRON === "1";

export async function launch(options: LaunchOptions): Promise<Shell> {
  return isElectron ? launchElectron(options) : launchDouble(options);
}
