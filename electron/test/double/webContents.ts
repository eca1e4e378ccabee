/** A page's contents, as the main process sees them. */
import type { Protocol } from "../../node_modules/playwright-core/types/protocol";
import { app } from "./app";
import type { BrowserWindow } from "./browserWindow";
import { Frame } from "./frames";
import { Emitter, words } from "./implemented";
import { carried } from "./ipc";
import { NavigationHistory } from "./navigationHistory";
import { errorCode, loadError } from "./netErrors";
import { Page } from "./page";
import { type OnWindowOpen, Popups } from "./popups";
import type { Session } from "./sessions";

type Known =
  | "id"
  | "getURL"
  | "getTitle"
  | "getType"
  | "send"
  | "loadURL"
  | "reload"
  | "reloadIgnoringCache"
  | "stop"
  | "isDestroyed"
  | "isLoading"
  | "isFocused"
  | "isCrashed"
  | "executeJavaScript"
  | "openDevTools"
  | "closeDevTools"
  | "isDevToolsOpened"
  | "setWebRTCIPHandlingPolicy"
  | "getWebRTCIPHandlingPolicy"
  | "setWindowOpenHandler"
  | "setZoomFactor"
  | "getZoomFactor"
  | "setZoomLevel"
  | "getZoomLevel"
  | "setVisualZoomLevelLimits"
  | "setBackgroundThrottling"
  | "focus"
  | "forcefullyCrashRenderer";

const events = words(`
  did-start-loading did-stop-loading did-start-navigation did-finish-load did-fail-load did-navigate
  did-navigate-in-page dom-ready will-navigate will-frame-navigate will-redirect will-attach-webview
  will-prevent-unload did-create-window page-title-updated page-favicon-updated console-message
  preload-error render-process-gone unresponsive responsive before-input-event context-menu devtools-
  opened devtools-closed destroyed certificate-error login select-bluetooth-device zoom-changed
`);

export class WebContents extends Emitter implements Pick<Electron.WebContents, Known> {
  readonly id: number;
  readonly page: Page;
  readonly navigationHistory: NavigationHistory;
  readonly popups: Popups;
  mainFrame: Frame;
  private title = "";
  private loading = false;
  private destroyed = false;
  private crashed = false;
  private devTools = false;
  private zoomLevel = 0;
  private webRtc = "default";

  private static last = 0;

  constructor(
    readonly owner: BrowserWindow,
    readonly session: Session,
    private readonly preferences: Electron.WebPreferences,
    size: { width: number; height: number },
    popup?: string,
  ) {
    super("webContents", events);
    this.id = WebContents.last += 1;
    this.mainFrame = new Frame("", this, null);
    this.page = new Page(this, preferences, size, popup);
    this.navigationHistory = new NavigationHistory(this.page);
    this.popups = new Popups(this, preferences);
    app.emit("web-contents-created", {}, this);
  }

  getURL(): string {
    return this.mainFrame.url === "about:blank" ? "" : this.mainFrame.url;
  }

  getTitle(): string {
    return this.title;
  }

  getType(): "window" {
    return "window";
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }

  isLoading(): boolean {
    return this.loading;
  }

  isCrashed(): boolean {
    return this.crashed;
  }

  isFocused(): boolean {
    return this.owner.isFocused();
  }

  send(channel: string, ...values: unknown[]): void {
    this.page.tell({ channel, values: carried(values) });
  }

  /** Until the page has loaded; rejects where it could not be, or its window is closed before. */
  loadURL(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve, reject) => {
      const closed = (): void => reject(loadError("ERR_FAILED", url));
      const finished = (): void => {
        this.off("destroyed", closed);
        resolve();
      };
      this.once("destroyed", closed);
      this.once("did-finish-load", finished);
      this.navigateTo(url).then(
        (isNew) => {
          if (!isNew) finished();
        },
        (error: unknown) => {
          this.off("did-finish-load", finished);
          this.off("destroyed", closed);
          reject(this.destroyed ? loadError("ERR_FAILED", url) : (error as Error));
        },
      );
    });
    // As in Electron: who does not await it need not catch.
    loaded.catch(() => undefined);
    return loaded;
  }

  /** False if it was but a move within the document. */
  private async navigateTo(url: string): Promise<boolean> {
    const answer = await this.page.navigate((cdp) => cdp.send("Page.navigate", { url }));
    if (answer.errorText !== undefined) throw loadError(answer.errorText, url);
    return answer.loaderId !== undefined;
  }

  reload(): void {
    void this.page.navigate((cdp) => cdp.send("Page.reload")).catch(() => undefined);
  }

  reloadIgnoringCache(): void {
    void this.page.navigate((cdp) => cdp.send("Page.reload", { ignoreCache: true })).catch(() => undefined);
  }

  stop(): void {
    this.page.cdp?.tell("Page.stopLoading");
  }

  async executeJavaScript(code: string, userGesture = false): Promise<unknown> {
    const cdp = await this.page.ready;
    const how = { awaitPromise: true, returnByValue: true, userGesture };
    const { result, exceptionDetails } = await cdp.send("Runtime.evaluate", { expression: code, ...how });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value as unknown;
  }

  openDevTools(): void {
    if (this.preferences.devTools === false) throw new Error("The developer tools are off in this window");
    if (this.devTools) return;
    this.devTools = true;
    this.emit("devtools-opened");
  }

  closeDevTools(): void {
    if (!this.devTools) return;
    this.devTools = false;
    this.emit("devtools-closed");
  }

  isDevToolsOpened(): boolean {
    return this.devTools;
  }

  setWebRTCIPHandlingPolicy(policy: string): void {
    this.webRtc = policy;
  }

  getWebRTCIPHandlingPolicy(): string {
    return this.webRtc;
  }

  setWindowOpenHandler(handler: OnWindowOpen): void {
    this.popups.handler = handler;
  }

  setZoomLevel(level: number): void {
    this.zoomLevel = level;
  }

  getZoomLevel(): number {
    return this.zoomLevel;
  }

  setZoomFactor(factor: number): void {
    this.zoomLevel = Math.log(factor) / Math.log(1.2);
  }

  getZoomFactor(): number {
    return 1.2 ** this.zoomLevel;
  }

  setVisualZoomLevelLimits(): Promise<void> {
    return Promise.resolve();
  }

  setBackgroundThrottling(): void {
    // Chromium was started without it.
  }

  focus(): void {
    this.page.cdp?.tell("Page.bringToFront");
  }

  forcefullyCrashRenderer(): void {
    this.page.cdp?.tell("Page.crash");
  }

  /** Asks the listeners of a navigation; false if one of them prevents it. */
  navigates(
    event: "will-navigate" | "will-frame-navigate" | "will-redirect",
    url: string,
    frame: Frame,
  ): boolean {
    const details = { url, isSameDocument: false, isMainFrame: frame.isMain, frame, initiator: frame };
    if (event === "will-frame-navigate") return !this.ask(event, details);
    return !this.ask(event, details, url, false, frame.isMain, 1, 1);
  }

  /** A navigation to what other programs open: listeners hear of it, Chromium shows nothing. */
  leaves(url: string, frame: Frame): void {
    if (this.navigates("will-frame-navigate", url, frame) && frame.isMain)
      this.navigates("will-navigate", url, frame);
  }

  mainFrameIs(frame: Frame): void {
    this.mainFrame = frame;
  }

  loads(loading: boolean): void {
    this.crashed = false;
    this.loading = loading;
    this.emit(loading ? "did-start-loading" : "did-stop-loading");
  }

  fails(error: string, url: string): void {
    this.emit("did-fail-load", {}, errorCode(error), error.replace("net::", ""), url, true, 1, 1);
  }

  hasTitle(title: string): void {
    this.title = title;
    if (!this.ask("page-title-updated", {}, title, true)) this.owner.takesTitle(title);
  }

  says({ type, args, stackTrace }: Protocol.Runtime.consoleAPICalledPayload): void {
    const levels: Record<string, string> = {
      error: "error",
      assert: "error",
      warning: "warning",
      debug: "debug",
    };
    const message = args.map((value) => String(value.value ?? value.description)).join(" ");
    const from = stackTrace?.callFrames[0];
    const place = {
      lineNumber: (from?.lineNumber ?? 0) + 1,
      sourceId: from?.url ?? "",
      frame: this.mainFrame,
    };
    this.ask("console-message", { message, level: levels[type] ?? "info", ...place });
  }

  crashes(exitCode: number): void {
    this.crashed = true;
    app.emit("render-process-gone", {}, this, { reason: "crashed", exitCode });
    this.emit("render-process-gone", {}, { reason: "crashed", exitCode });
  }

  /** What comes of a page that is gone is not told. */
  override emit(event: string | symbol, ...values: unknown[]): boolean {
    return (!this.destroyed || event === "destroyed") && super.emit(event, ...values);
  }

  /** Whether the page wants to stay, and nobody says that it may not. */
  async staysOpen(): Promise<boolean> {
    const ask = 'window.dispatchEvent(new Event("beforeunload", { cancelable: true }))';
    const late = new Promise((resolve) => setTimeout(resolve, 1000, true));
    const mayLeave = await Promise.race([this.executeJavaScript(ask).catch(() => true), late]);
    return mayLeave === false && !this.destroyed && !this.ask("will-prevent-unload");
  }

  /** Its target is no more: the app has closed it, or the page itself. */
  isGone(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("destroyed");
    this.owner.isGone();
  }
}
