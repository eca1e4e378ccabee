/** What runs: Chromium once the app is ready, the windows, and the contents by the ids of their targets. */
import type { BrowserWindow } from "./browserWindow";
import type { Chromium } from "./chromium";
import type { WebContents } from "./webContents";

export const running = {
  chromium: undefined as Chromium | undefined,
  windows: new Set<BrowserWindow>(),
  focused: null as BrowserWindow | null,
  userAgent: "",
  contents: new Map<string, WebContents>(),
};

export function chromium(): Chromium {
  if (!running.chromium) throw new Error("Cannot be used before the app is ready");
  return running.chromium;
}
