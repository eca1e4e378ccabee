/** Windows that pages ask for: nothing of one runs or is asked for before the handler of its opener has allowed it. */
import type { Protocol } from "../../node_modules/playwright-core/types/protocol";
import { BrowserWindow } from "./browserWindow";
import { chromium } from "./running";
import { adopt } from "./targets";
import type { WebContents } from "./webContents";

export type OnWindowOpen = Parameters<Electron.WebContents["setWindowOpenHandler"]>[0];
type Asked = Protocol.Page.windowOpenPayload;
type Target = Protocol.Target.TargetInfo;

export class Popups {
  handler: OnWindowOpen | undefined;
  private readonly waiting: Asked[] = [];

  constructor(
    private readonly opener: WebContents,
    private readonly preferences: Electron.WebPreferences,
  ) {}

  asked(asked: Asked): void {
    this.waiting.push(asked);
  }

  async open(popup: Target): Promise<void> {
    const details = detailsOf(await this.askedFor(popup), this.opener.getURL());
    const answer = this.handler?.(details) ?? { action: "allow" };
    if (answer.action === "deny") {
      await this.close(popup);
      return;
    }
    const { webPreferences, ...options } = answer.overrideBrowserWindowOptions ?? {};
    const merged = { ...options, webPreferences: { ...this.preferences, ...webPreferences } };
    this.opener.emit("did-create-window", new BrowserWindow(merged, popup.targetId), details);
  }

  /** Its opener waits in `window.open` until it runs, for ever if it is closed before; its request for a page is held back (requests.ts). */
  private async close({ targetId }: Target): Promise<void> {
    const cdp = await adopt(targetId);
    await cdp.send("Runtime.runIfWaitingForDebugger").catch(() => undefined);
    chromium().browser.tell("Target.closeTarget", { targetId });
  }

  /** The page's word about a popup may come after its target; a click with a modifier has none. */
  private async askedFor(popup: Target): Promise<Asked> {
    for (let tries = 0; tries < 50; tries += 1) {
      const asked = this.waiting.shift();
      if (asked) return asked;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return { url: popup.url, windowName: "", windowFeatures: [], userGesture: false };
  }
}

function detailsOf(asked: Asked, referrer: string): Electron.HandlerDetails {
  return {
    url: asked.url,
    frameName: asked.windowName === "_blank" ? "" : asked.windowName,
    features: asked.windowFeatures.join(","),
    disposition: asked.windowFeatures.length > 0 ? "new-window" : "foreground-tab",
    referrer: { url: referrer, policy: "strict-origin-when-cross-origin" },
  };
}
