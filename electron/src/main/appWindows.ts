/** The windows of the app itself: they load the page from the server, and go on when that comes back. */
import { nativeTheme, screen, session, type BrowserWindow } from "electron";
import { tell } from "./ipc";
import type { Log } from "./log";
import { bringForward, type Pages } from "./pages";
import type { Running } from "./server";
import type { Memory } from "./memory";
import { placement, SMALLEST } from "./windowState";

/** A path to show, or the id of a command to carry out. */
interface Told {
  channel: "app:show" | "app:command";
  value: string;
}

interface AppWindow {
  window: BrowserWindow;
  /** What it shows, or is to show when the server is there. */
  path: string;
  /** The page hears what it is told; till then that waits in `pending`. */
  isReady: boolean;
  pending: Told[];
  /** What it has loaded, or loads; null: nothing, or it could not. */
  loaded: string | null;
  /** When its page crashed, in ms of a clock that is never set. */
  crashes: number[];
}

interface Options {
  pages: Pages;
  running: () => Running | null;
  preload: string;
  version: string;
  memory: Memory;
  log: Log;
}

const MOST_CRASHES = 3;
const WITHIN_MILLISECONDS = 60_000;

export class AppWindows {
  private readonly all: AppWindow[] = [];

  constructor(private readonly options: Options) {}

  get count(): number {
    return this.all.length;
  }

  /** What the one shows that had the focus last. */
  get frontPath(): string | null {
    return this.all.at(-1)?.path ?? null;
  }

  /** A new one, which is seen as soon as it has something to show. */
  open(path = "/"): void {
    const { pages, preload, version, running, memory } = this.options;
    const screens = screen.getAllDisplays().map(({ workArea }) => workArea);
    const isFirst = this.all.length === 0;
    const was = memory.remembered;
    const window = pages.open({
      kind: "app",
      home: () => running()?.url ?? null,
      window: {
        ...placement(isFirst ? was.bounds : undefined, screens),
        minWidth: SMALLEST.width,
        minHeight: SMALLEST.height,
        title: "Cowork",
        backgroundColor: nativeTheme.shouldUseDarkColors ? "#131517" : "#f4f2ee",
        autoHideMenuBar: false,
        webPreferences: {
          session: session.defaultSession,
          preload,
          additionalArguments: [`--cowork-version=${version}`],
          // Elsewhere its dictionaries would be fetched from outside.
          spellcheck: process.platform === "darwin",
        },
      },
    });
    const opened: AppWindow = { window, path, isReady: false, pending: [], loaded: null, crashes: [] };
    this.all.push(opened);
    // To maximize it is to show it, too.
    window.once("ready-to-show", () => {
      if (isFirst && was.isMaximized) window.maximize();
      window.show();
    });
    this.follow(opened);
    void this.load(opened);
  }

  /** Show a path in the window that is in front, or in a new one. */
  show(path: string): void {
    if (this.all.length === 0) this.open(path);
    else this.tell({ channel: "app:show", value: path });
  }

  /** The one in front, or a new one. */
  bringForward(): void {
    const front = this.all.at(-1);
    if (front) bringForward(front.window);
    else this.open();
  }

  /** Let the page in front carry a command out, or that of a new window. */
  command(id: string): void {
    if (this.all.length === 0) this.open();
    this.tell({ channel: "app:command", value: id });
  }

  /** The page can be told things now. */
  ready(contents: Electron.WebContents): void {
    const found = this.all.find(({ window }) => window.webContents === contents);
    if (!found) return;
    found.isReady = true;
    for (const { channel, value } of found.pending.splice(0)) tell(contents, channel, value);
  }

  /** The server runs, perhaps at another place than before: a page of that place goes on by itself. */
  serverIsThere(): void {
    for (const one of this.all) void this.load(one);
  }

  closeAll(): void {
    for (const { window } of [...this.all]) window.destroy();
  }

  private tell(told: Told): void {
    const front = this.all.at(-1);
    if (!front) return;
    if (front.isReady) tell(front.window.webContents, told.channel, told.value);
    else front.pending.push(told);
    bringForward(front.window);
  }

  private async load(one: AppWindow): Promise<void> {
    const { running, log } = this.options;
    const server = running();
    if (!server || one.loaded === server.url) return;
    one.loaded = server.url;
    try {
      await one.window.loadURL(new URL(one.path, server.url).href);
    } catch (error) {
      // The server went away meanwhile: when it is there again, so is the page.
      one.loaded = null;
      log.write(`window: ${String(error)}`);
    }
  }

  private follow(one: AppWindow): void {
    const { window } = one;
    const { memory, log } = this.options;
    const keepPath = (url: string): void => {
      const { pathname, search, hash } = new URL(url);
      one.path = pathname + search + hash;
    };
    window.on("focus", () => {
      this.all.push(...this.all.splice(this.all.indexOf(one), 1));
    });
    window.on("close", () => memory.keepPlace(window));
    window.on("closed", () => this.all.splice(this.all.indexOf(one), 1));
    window.webContents.on("did-navigate", (_event, url) => {
      one.isReady = false;
      keepPath(url);
    });
    window.webContents.on("did-navigate-in-page", (_event, url, isMainFrame) => isMainFrame && keepPath(url));
    window.webContents.on("render-process-gone", (_event, { reason }) => {
      log.write(`window: its page is gone (${reason})`);
      one.isReady = false;
      const now = performance.now();
      one.crashes = [...one.crashes.filter((at) => now - at < WITHIN_MILLISECONDS), now];
      one.loaded = null;
      if (one.crashes.length < MOST_CRASHES) void this.load(one);
      else window.close();
    });
  }
}
