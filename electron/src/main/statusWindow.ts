/** The window that is there while the server starts long, and when it does not: what was tried, and what to press. */
import { pathToFileURL } from "node:url";
import { BrowserWindow, nativeTheme } from "electron";
import type { Status } from "../shared/channels";
import { tell } from "./ipc";
import type { Pages } from "./pages";

interface Options {
  pages: Pages;
  file: string;
  preload: string;
  /** The user closed it. */
  onClosed: () => void;
}

export const STARTING: Status = {
  phase: "starting",
  title: "Cowork is starting",
  words: "",
  tried: [],
  log: [],
};

export class StatusWindow {
  status: Status = STARTING;
  private window: BrowserWindow | null = null;

  constructor(private readonly options: Options) {}

  get isOpen(): boolean {
    return this.window !== null;
  }

  async show(status: Status): Promise<void> {
    this.status = status;
    if (this.window) {
      tell(this.window.webContents, "status:changed", status);
      if (status.phase === "failed") this.window.focus();
      return;
    }
    const { pages, file, preload } = this.options;
    const home = pathToFileURL(file).href;
    const window = (this.window = pages.open({
      kind: "status",
      home: () => home,
      window: {
        width: 760,
        height: 620,
        title: "Cowork",
        backgroundColor: nativeTheme.shouldUseDarkColors ? "#181a1d" : "#fcfbf9",
        webPreferences: { preload, partition: "status", spellcheck: false },
      },
    }));
    window.once("ready-to-show", () => window.show());
    window.on("closed", () => {
      if (this.window !== window) return;
      this.window = null;
      this.options.onClosed();
    });
    // At the address that the gate compares with; it may be closed before it is there.
    await window.loadURL(home).catch(() => undefined);
  }

  focus(): void {
    this.window?.focus();
  }

  close(): void {
    const { window } = this;
    this.window = null;
    window?.destroy();
  }
}
