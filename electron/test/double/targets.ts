/** The browser's targets: those that the double makes are adopted, popups wait for the word of their opener's handler. */
import type { CdpSession } from "./chromium";
import { removeFrame } from "./frames";
import { chromium, running } from "./running";

const attached = new Map<string, CdpSession>();
const wanted = new Map<string, (cdp: CdpSession) => void>();

/** The session of a target, which waits until it is told to run. */
export function adopt(targetId: string): Promise<CdpSession> {
  const cdp = attached.get(targetId);
  if (cdp) return Promise.resolve(cdp);
  return new Promise((resolve) => wanted.set(targetId, resolve));
}

export async function watchTargets(): Promise<void> {
  const { browser } = chromium();
  browser.listen("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
    const cdp = chromium().session(sessionId);
    attached.set(targetInfo.targetId, cdp);
    wanted.get(targetInfo.targetId)?.(cdp);
    wanted.delete(targetInfo.targetId);
    const opener = running.contents.get(targetInfo.openerId ?? "");
    if (opener) void opener.popups.open(targetInfo);
  });
  browser.listen("Target.targetCrashed", ({ targetId, errorCode }) => {
    running.contents.get(targetId)?.crashes(errorCode);
  });
  browser.listen("Target.targetDestroyed", ({ targetId }) => {
    attached.delete(targetId);
    running.contents.get(targetId)?.isGone();
    running.contents.delete(targetId);
    removeFrame(targetId);
  });
  const filter = [{ type: "page" }];
  await browser.send("Target.setDiscoverTargets", { discover: true, filter });
  await browser.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: true,
    flatten: true,
    filter,
  });
}
