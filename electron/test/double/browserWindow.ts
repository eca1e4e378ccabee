/** Windows, each with a page in the headless Chromium. */
import { pathToFileURL } from "node:url";
import { app } from "./app";
import { implemented, words } from "./implemented";
import { checkPreferences } from "./preferences";
import { chromium, running } from "./running";
import { type Session, sessions } from "./sessions";
import { WebContents } from "./webContents";
import { WindowState } from "./windowState";

type Known =
  | "id"
  | "loadURL"
  | "loadFile"
  | "reload"
  | "close"
  | "destroy"
  | "isDestroyed"
  | "setTitle"
  | "getTitle"
  | "setMenuBarVisibility"
  | "setAutoHideMenuBar"
  | "removeMenu"
  | "setMenu"
  | "flashFrame"
  | "setBackgroundColor"
  | "setProgressBar"
  | "setOverlayIcon"
  | "setIcon"
  | "setSkipTaskbar"
  | "setMinimumSize"
  | "setAlwaysOnTop"
  | "isAlwaysOnTop"
  | "setContentProtection";

const events = words(`
  close closed ready-to-show show hide focus blur resize resized will-resize move moved will-move
  maximize unmaximize minimize restore enter-full-screen leave-full-screen page-title-updated session-
  end query-session-end unresponsive responsive app-command swipe always-on-top-changed
`);

export class BrowserWindow extends WindowState implements Pick<Electron.BrowserWindow, Known> {
  readonly id: number;
  readonly webContents: WebContents;
  private title: string;
  private closing = false;
  private destroyed = false;
  private wasReady = false;
  private onTop = false;

  private static last = 0;

  /** `popup` is the target of a page that another page has opened. */
  constructor(options: Electron.BrowserWindowConstructorOptions = {}, popup?: string) {
    chromium();
    const preferences = options.webPreferences ?? {};
    checkPreferences(preferences);
    super(events, options);
    this.id = BrowserWindow.last += 1;
    this.title = options.title ?? app.getName();
    const { width, height } = this.getBounds();
    this.webContents = new WebContents(this, sessionOf(preferences), preferences, { width, height }, popup);
    running.windows.add(this);
    this.webContents.on("did-stop-loading", () => this.hasSomethingToShow());
    this.on("focus", () => app.emit("browser-window-focus", {}, this));
    this.on("blur", () => app.emit("browser-window-blur", {}, this));
    app.emit("browser-window-created", {}, this);
    if (options.show !== false) this.show();
  }

  /** The first time; the blank page of the beginning is nothing. */
  private hasSomethingToShow(): void {
    if (this.wasReady || this.webContents.getURL() === "") return;
    this.wasReady = true;
    this.emit("ready-to-show");
  }

  static getAllWindows(): BrowserWindow[] {
    return [...running.windows];
  }

  static getFocusedWindow(): BrowserWindow | null {
    return running.focused;
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return contents.isDestroyed() ? null : contents.owner;
  }

  static fromId(id: number): BrowserWindow | null {
    return BrowserWindow.getAllWindows().find((window) => window.id === id) ?? null;
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }

  loadFile(path: string): Promise<void> {
    return this.loadURL(pathToFileURL(path).href);
  }

  reload(): void {
    this.webContents.reload();
  }

  close(): void {
    if (this.closing || this.destroyed) return;
    this.closing = true;
    if (this.ask("close")) this.stays();
    else setImmediate(() => void this.leaves());
  }

  private async leaves(): Promise<void> {
    if (await this.webContents.staysOpen()) this.stays();
    else this.destroy();
  }

  private stays(): void {
    this.closing = false;
    app.staysOpen();
  }

  destroy(): void {
    const { targetId } = this.webContents.page;
    if (targetId) chromium().browser.tell("Target.closeTarget", { targetId });
    this.webContents.isGone();
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  /** The page is gone, by whomever. */
  isGone(): void {
    if (this.destroyed) return;
    const hadFocus = this.isFocused();
    this.blur();
    this.destroyed = true;
    running.windows.delete(this);
    // As a desktop does.
    if (hadFocus)
      [...running.windows].findLast((window) => window.isVisible() && !window.isMinimized())?.focus();
    this.emit("closed");
    if (running.windows.size === 0) app.hasNoWindows();
  }

  setTitle(title: string): void {
    this.title = title;
  }

  getTitle(): string {
    return this.title;
  }

  /** The page's title, unless a listener keeps the window's. */
  takesTitle(title: string): void {
    if (!this.ask("page-title-updated", {}, title, true)) this.title = title;
  }

  override takesBounds({ width, height }: Electron.Rectangle): void {
    void this.webContents.page.resize(width, height).catch(() => undefined);
  }

  setAlwaysOnTop(flag: boolean): void {
    this.onTop = flag;
  }

  isAlwaysOnTop(): boolean {
    return this.onTop;
  }

  // What only a desktop could show.
  setMenuBarVisibility = nothing;
  setAutoHideMenuBar = nothing;
  removeMenu = nothing;
  setMenu = nothing;
  flashFrame = nothing;
  setBackgroundColor = nothing;
  setProgressBar = nothing;
  setOverlayIcon = nothing;
  setIcon = nothing;
  setSkipTaskbar = nothing;
  setMinimumSize = nothing;
  setContentProtection = nothing;
}

function nothing(): void {
  // Nobody sees it.
}

function sessionOf({ session, partition }: Electron.WebPreferences): Session {
  if (session) return session as unknown as Session;
  return partition === undefined ? sessions.defaultSession : sessions.fromPartition(partition);
}

/** The class as the app has it, which throws for the statics that it has not. */
export const browserWindowModule = implemented("BrowserWindow", BrowserWindow);
