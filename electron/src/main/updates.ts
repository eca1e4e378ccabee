/** Updates: looked for and fetched by electron-updater, installed when the server has ended, as it holds its own files. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "./log";

/** What is used of electron-updater. */
export interface Updater {
  autoDownload: boolean;
  autoInstallOnAppQuit: boolean;
  on(event: "update-downloaded", hear: (info: { version: string }) => void): unknown;
  on(event: "error", hear: (error: Error) => void): unknown;
  checkForUpdates(): Promise<unknown>;
  quitAndInstall(isSilent?: boolean, isForceRunAfter?: boolean): void;
}

const AGAIN_AFTER = 6 * 60 * 60 * 1000;

interface Options {
  updater: Updater;
  /** Ends the server, and makes quitting ask nothing more; false: the user does not want to end what runs. */
  drain: () => Promise<boolean>;
  /** It was not installed: the app is to go on. */
  onFailed: () => void;
  /** An update waits to be installed. */
  onReady: (version: string) => void;
  log: Log;
}

export class Updates {
  private isInstalling = false;

  constructor(private readonly options: Options) {
    const { updater, onReady, onFailed, log } = options;
    updater.autoDownload = true;
    // When the app is quit the server has ended, too.
    updater.autoInstallOnAppQuit = true;
    updater.on("update-downloaded", ({ version }) => onReady(version));
    updater.on("error", (error) => {
      log.write(`update: ${error.message}`);
      if (!this.isInstalling) return;
      this.isInstalling = false;
      onFailed();
    });
  }

  /** Look now, and every six hours. */
  keepLooking(): void {
    const look = (): void =>
      void this.options.updater
        .checkForUpdates()
        .catch((error: unknown) => this.options.log.write(`update: ${String(error)}`));
    look();
    setInterval(look, AGAIN_AFTER).unref();
  }

  /** The session of the user ends: an installer would be cut off. */
  hurry(): void {
    this.options.updater.autoInstallOnAppQuit = false;
  }

  /** Install the one that waits, and start again. */
  async install(): Promise<void> {
    if (!(await this.options.drain())) return;
    this.isInstalling = true;
    this.options.updater.quitAndInstall(false, true);
  }
}

/** Null: this build has no place to look for updates (`app-update.yml`, which electron-builder writes for a published one). */
export async function findUpdater(isPackaged: boolean, resources: string): Promise<Updater | null> {
  if (!isPackaged || !existsSync(join(resources, "app-update.yml"))) return null;
  // It is CommonJS with a getter, which Node does not list among the names of the module.
  const loaded: unknown = await import("electron-updater");
  return (loaded as { default: { autoUpdater: Updater } }).default.autoUpdater;
}
