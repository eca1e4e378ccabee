/** The windows of the app itself: they load the page from the server, and go on when that comes back. */
import { dialog, nativeTheme, screen, session, type BrowserWindow } from "electron";
import { MOST_CRASHES, recent } from "./crashLimit";
import { tell } from "./ipc";
import type { Log } from "./log";
import { ABORTED, bringForward, type Pages } from "./pages";
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
  /** Where it was last. */
  place: string | null;
  /** When its page crashed. */
  crashes: { at: number }[];
}

interface Options {
  pages: Pages;
  running: () => Running | null;
  preload: string;
  version: string;
  memory: Memory;
  log: Log;
  /** Whether windows are of use now; if not, something else is shown. */
  admit: () => boolean;
  /** The session of the user ends. */
  onSessionEnd: () => void;
}

export class AppWindows {
  private readonly all: AppWindow[] = [];

  constructor(private readonly options: Options) {}

  get count(): number {
    return this.all.length;
  }

  /** A new one, which is seen as soon as it has something to show. */
  open(path = "/"): void {
    if (!this.options.admit()) return;
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
    const opened: AppWindow = {
      window,
      path,
      isReady: false,
      pending: [],
      loaded: null,
      place: null,
      crashes: [],
    };
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
    if (!this.options.admit()) return;
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

  private tell(told: Told): void {
    const front = this.all.at(-1);
    if (!front || !this.options.admit()) return;
    if (front.isReady) tell(front.window.webContents, told.channel, told.value);
    else front.pending.push(told);
    bringForward(front.window);
  }

  private async load(one: AppWindow): Promise<void> {
    const { running, log } = this.options;
    const server = running();
    if (!server || one.loaded === server.url) return;
    const isElsewhere = one.place !== null && one.place !== server.url;
    one.loaded = one.place = server.url;
    try {
      await one.window.loadURL(new URL(one.path, server.url).href);
      // What was before is at a place that may be anybody's by now.
      if (isElsewhere) one.window.webContents.navigationHistory.clear();
    } catch (error) {
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
    window.on("session-end", this.options.onSessionEnd);
    window.on("closed", () => this.all.splice(this.all.indexOf(one), 1));
    window.webContents.on("did-navigate", (_event, url) => {
      one.isReady = false;
      keepPath(url);
    });
    window.webContents.on("did-navigate-in-page", (_event, url, isMainFrame) => isMainFrame && keepPath(url));
    // The server went away: when it is there again, so is the page.
    window.webContents.on("did-fail-load", (_event, code, _words, _url, isMainFrame) => {
      if (isMainFrame && code !== ABORTED) this.isLost(one);
    });
    window.webContents.on("render-process-gone", (_event, { reason }) => {
      log.write(`window: its page is gone (${reason})`);
      this.isLost(one);
      void this.afterCrash(one);
    });
  }

  private isLost(one: AppWindow): void {
    one.loaded = null;
    one.isReady = false;
  }

  private async afterCrash(one: AppWindow): Promise<void> {
    const at = performance.now();
    one.crashes = [...recent(one.crashes, at), { at }];
    if (one.crashes.length >= MOST_CRASHES) {
      const answer = await dialog.showMessageBox(one.window, {
        type: "error",
        message: "This window’s page keeps crashing.",
        buttons: ["Try again", "Close"],
        cancelId: 1,
      });
      if (answer.response === 1) {
        one.window.destroy();
        return;
      }
      one.crashes = [];
    }
    await this.load(one);
  }
}
