/** A window's page in Chromium: its target, its worlds, and what Chromium tells of it. */
import { randomUUID } from "node:crypto";
import type { Protocol } from "../../node_modules/playwright-core/types/protocol";
import type { CdpSession } from "./chromium";
import { addFrame, failLoader, frameOf, removeFrame } from "./frames";
import { hearPreload } from "./ipc";
import {
  binding,
  pageScript,
  preloadScript,
  receiver,
  type Said,
  titleBinding,
  titleScript,
  titleWorld,
  type Told,
  world,
} from "./preloadWorld";
import { isSent } from "./requests";
import { chromium, running } from "./running";
import { adopt } from "./targets";
import type { WebContents } from "./webContents";

export class Page {
  /** The session of its target, once `ready`. */
  cdp: CdpSession | undefined;
  targetId = "";
  readonly ready: Promise<CdpSession>;
  private context: string | undefined;
  private own = false;
  private failed = false;
  private readonly gestures = new Map<string, boolean>();
  private failure = "net::ERR_FAILED";

  /** Makes a target, or takes over the one that `popup` is. */
  constructor(
    private readonly contents: WebContents,
    private readonly preferences: Electron.WebPreferences,
    size: { width: number; height: number },
    popup?: string,
  ) {
    this.ready = this.open(size, popup);
    this.ready.catch(() => undefined);
  }

  /** Marks what follows as the app's own navigation, of which pages' guards hear nothing. */
  async navigate<T>(start: (cdp: CdpSession) => Promise<T>): Promise<T> {
    const cdp = await this.ready;
    this.own = true;
    return start(cdp);
  }

  takesOwnNavigation(): boolean {
    const own = this.own;
    this.own = false;
    return own;
  }

  /** Whether the user had a document loaded; of what has no request that is told, whether they did something just now. */
  async isByUser(url: string): Promise<boolean> {
    const told = this.gestures.get(url);
    if (told !== undefined) return told;
    const expression = "navigator.userActivation.isActive";
    const answer = await this.cdp?.send("Runtime.evaluate", { expression }).catch(() => undefined);
    return answer?.result.value === true;
  }

  async resize(width: number, height: number): Promise<void> {
    await this.ready;
    const { windowId } = await chromium().browser.send("Browser.getWindowForTarget", {
      targetId: this.targetId,
    });
    await chromium().browser.send("Browser.setWindowBounds", { windowId, bounds: { width, height } });
  }

  /** To the preload's listeners; lost if there is no preload, as in Electron. */
  tell(told: Told): void {
    if (this.context === undefined) return;
    const expression = `${receiver}(${JSON.stringify(told)})`;
    this.cdp?.tell("Runtime.evaluate", { uniqueContextId: this.context, expression });
  }

  private async open(
    size: { width: number; height: number },
    popup: string | undefined,
  ): Promise<CdpSession> {
    this.targetId = popup ?? (await this.make(size));
    const cdp = await adopt(this.targetId);
    if (this.contents.isDestroyed()) {
      chromium().browser.tell("Target.closeTarget", { targetId: this.targetId });
      throw new Error("The window was closed before it had a page");
    }
    this.cdp = cdp;
    running.contents.set(this.targetId, this.contents);
    this.listen(cdp);
    this.listenToLoading(cdp);
    this.watchFrames(cdp);
    await Promise.all([this.enable(cdp), this.addScripts(cdp)]);
    const userAgent = this.contents.session.ownUserAgent;
    if (userAgent !== undefined) await cdp.send("Emulation.setUserAgentOverride", { userAgent });
    this.contents.mainFrameIs(addFrame(this.targetId, this.contents));
    await cdp.send("Runtime.runIfWaitingForDebugger");
    return cdp;
  }

  private async make(size: { width: number; height: number }): Promise<string> {
    const context = await this.contents.session.context();
    const made = {
      url: "about:blank",
      newWindow: true,
      ...size,
      ...(context ? { browserContextId: context } : {}),
    };
    return (await chromium().browser.send("Target.createTarget", made)).targetId;
  }

  /** Of a target or of a frame that has a process of its own. */
  private async enable(cdp: CdpSession): Promise<void> {
    await Promise.all([cdp.send("Page.enable"), cdp.send("Runtime.enable"), cdp.send("Network.enable")]);
    await cdp.send("Target.setAutoAttach", {
      autoAttach: true,
      waitForDebuggerOnStart: true,
      flatten: true,
      filter: [{ type: "iframe" }],
    });
  }

  /** A frame of another process runs once it is known what it is. */
  private async watchInner(cdp: CdpSession): Promise<void> {
    await this.enable(cdp);
    const { frameTree } = await cdp.send("Page.getFrameTree");
    this.frameIs(frameTree.frame);
    await cdp.send("Runtime.runIfWaitingForDebugger");
  }

  private async addScripts(cdp: CdpSession): Promise<void> {
    const { preload, additionalArguments = [] } = this.preferences;
    await cdp.send("Runtime.addBinding", { name: titleBinding, executionContextName: titleWorld });
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: titleScript(), worldName: titleWorld });
    if (preload === undefined) return;
    const token = randomUUID();
    const { platform, arch, versions } = process;
    const argv = [process.execPath, "--type=renderer", ...additionalArguments];
    const given = {
      platform,
      arch,
      versions,
      argv,
      env: {},
      type: "renderer",
      sandboxed: true,
      contextIsolated: true,
    };
    const source = preloadScript(token, preload, given);
    await cdp.send("Runtime.addBinding", { name: binding, executionContextName: world });
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: pageScript(token) });
    await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source, worldName: world });
  }

  private watchFrames(cdp: CdpSession): void {
    cdp.listen("Page.frameAttached", ({ frameId, parentFrameId }) => {
      addFrame(frameId, this.contents, parentFrameId);
    });
    cdp.listen("Page.frameDetached", ({ frameId, reason }) => {
      if (reason === "remove") removeFrame(frameId);
    });
    cdp.listen("Page.frameNavigated", ({ frame }) => this.frameIs(frame));
    cdp.listen("Runtime.executionContextCreated", ({ context }) => {
      const { frameId = "", isDefault } = context.auxData as { frameId?: string; isDefault?: unknown };
      const frame = frameOf(frameId);
      if (!frame || isDefault !== true) return;
      frame.hasOrigin(/^\w+:\/\/./.test(context.origin) ? context.origin : "null");
    });
    cdp.listen("Network.requestWillBeSent", ({ requestId, type, request, hasUserGesture }) => {
      isSent(requestId);
      if (type === "Document") this.gestures.set(request.url, hasUserGesture ?? false);
    });
    cdp.listen("Network.loadingFailed", ({ requestId, type, errorText }) => {
      if (type !== "Document") return;
      this.failure = errorText;
      failLoader(requestId);
    });
    cdp.listen("Page.navigatedWithinDocument", ({ frameId, url }) => {
      const frame = frameOf(frameId);
      if (frame) frame.url = url;
    });
    cdp.listen("Page.windowOpen", (asked) => this.contents.popups.asked(asked));
    cdp.listen("Page.frameRequestedNavigation", ({ url, frameId }) => {
      // Chromium hands these to other programs; it makes no request of which to tell.
      const frame = frameOf(frameId);
      if (frame && !/^(https?|file|data|blob|about|javascript):/i.test(url)) this.contents.leaves(url, frame);
    });
    cdp.listen("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      addFrame(targetInfo.targetId, this.contents, targetInfo.parentFrameId);
      const child = chromium().session(sessionId);
      this.watchFrames(child);
      this.watchInner(child).catch(() => undefined);
    });
  }

  private frameIs(frame: Protocol.Page.Frame): void {
    const known = addFrame(frame.id, this.contents, frame.parentId);
    known.url = frame.unreachableUrl ?? frame.url + (frame.urlFragment ?? "");
    known.name = frame.name ?? "";
    known.hasDocument(frame.loaderId);
  }

  private listen(cdp: CdpSession): void {
    cdp.listen("Runtime.executionContextCreated", ({ context }) => {
      const { frameId } = context.auxData as { frameId?: string };
      if (context.name === world && frameId === this.targetId) this.context = context.uniqueId;
    });
    cdp.listen("Runtime.bindingCalled", ({ name, payload }) => {
      if (name === titleBinding) this.contents.hasTitle(payload);
      if (name === binding) hearPreload(this.contents, JSON.parse(payload) as Said);
    });
    cdp.listen("Runtime.consoleAPICalled", (call) => this.contents.says(call));
  }

  private listenToLoading(cdp: CdpSession): void {
    cdp.listen("Page.frameNavigated", ({ frame }) => {
      if (frame.parentId === undefined) this.navigated(frame);
    });
    cdp.listen("Page.navigatedWithinDocument", ({ frameId, url }) => {
      void this.contents.navigationHistory.read();
      this.contents.emit("did-navigate-in-page", {}, url, frameId === this.targetId, 1, 1);
    });
    cdp.listen("Page.frameStartedLoading", ({ frameId }) => {
      if (frameId === this.targetId) this.contents.loads(true);
    });
    cdp.listen("Page.frameStoppedLoading", ({ frameId }) => {
      if (frameId !== this.targetId) return;
      void this.contents.navigationHistory.read();
      this.contents.loads(false);
    });
    cdp.listen("Page.domContentEventFired", () => this.contents.emit("dom-ready", {}));
    cdp.listen("Page.loadEventFired", () => {
      if (!this.failed) this.contents.emit("did-finish-load", {});
    });
  }

  private navigated(frame: Protocol.Page.Frame): void {
    this.gestures.clear();
    this.own = false;
    this.failed = frame.unreachableUrl !== undefined;
    if (frame.unreachableUrl === undefined) this.contents.emit("did-navigate", {}, frame.url, 200, "");
    else this.contents.fails(this.failure, frame.unreachableUrl);
  }
}
