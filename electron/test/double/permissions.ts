/** What pages may use: a session's handlers are asked for each origin that is loaded, and Chromium is told the answers. */
import type { Protocol } from "../../node_modules/playwright-core/types/protocol";
import type { CdpSession } from "./chromium";
import { originOf } from "./frames";
import type { WebContents } from "./webContents";

export type OnPermission = NonNullable<Parameters<Electron.Session["setPermissionRequestHandler"]>[0]>;
export type OnCheck = NonNullable<Parameters<Electron.Session["setPermissionCheckHandler"]>[0]>;
type Name = Parameters<OnPermission>[1];
type Media = "audio" | "video" | undefined;

const permissions: [name: Name, media: Media, inChromium: Protocol.Browser.PermissionDescriptor][] = [
  ["geolocation", undefined, { name: "geolocation" }],
  ["notifications", undefined, { name: "notifications" }],
  ["media", "audio", { name: "microphone" }],
  ["media", "video", { name: "camera" }],
  ["clipboard-read", undefined, { name: "clipboard-read" }],
  ["clipboard-sanitized-write", undefined, { name: "clipboard-write" }],
  ["midi", undefined, { name: "midi" }],
  ["midiSysex", undefined, { name: "midi", sysex: true }],
  ["display-capture", undefined, { name: "display-capture" }],
  ["idle-detection", undefined, { name: "idle-detection" }],
  ["pointerLock", undefined, { name: "pointer-lock" }],
  ["keyboardLock", undefined, { name: "keyboard-lock" }],
  ["window-management", undefined, { name: "window-management" }],
  ["storage-access", undefined, { name: "storage-access" }],
  ["speaker-selection", undefined, { name: "speaker-selection" }],
  ["local-fonts", undefined, { name: "local-fonts" }],
];

interface Asking {
  contents: WebContents;
  url: string;
  isMainFrame: boolean;
}

export class Permissions {
  request: OnPermission | null = null;
  check: OnCheck | null = null;
  private readonly told = new Map<string, Asking>();

  constructor(
    private readonly browser: () => CdpSession,
    private readonly context: () => Promise<string | undefined>,
  ) {}

  /** Settles what the origin of `asking.url` may, before its first script; later calls for it change nothing. */
  async settle(asking: Asking): Promise<void> {
    const origin = originOf(asking.url);
    if (origin === "null" || this.told.has(origin)) return;
    this.told.set(origin, asking);
    await this.tell(origin, asking);
  }

  /** After a handler was set, also for the pages that are loaded. */
  async settleAgain(): Promise<void> {
    await Promise.all([...this.told].map(([origin, asking]) => this.tell(origin, asking)));
  }

  /** What has been loaded. */
  origins(): string[] {
    return [...this.told.keys()];
  }

  private async tell(origin: string, asking: Asking): Promise<void> {
    const context = await this.context();
    const told = permissions.map(async ([name, media, permission]) => {
      const granted =
        this.checks(name, media, origin, asking) && (await this.grants(name, media, origin, asking));
      return this.browser().send("Browser.setPermission", {
        permission,
        setting: granted ? "granted" : "denied",
        origin,
        ...(context === undefined ? {} : { browserContextId: context }),
      });
    });
    await Promise.all(told);
  }

  private checks(name: Name, media: Media, origin: string, { contents, url, isMainFrame }: Asking): boolean {
    if (!this.check) return true;
    const details = { requestingUrl: url, securityOrigin: `${origin}/`, isMainFrame };
    const sender = contents as unknown as Electron.WebContents;
    return this.check(sender, name, `${origin}/`, media ? { ...details, mediaType: media } : details);
  }

  private grants(
    name: Name,
    media: Media,
    origin: string,
    { contents, url, isMainFrame }: Asking,
  ): Promise<boolean> {
    const request = this.request;
    if (!request) return Promise.resolve(true);
    const details = {
      requestingUrl: url,
      isMainFrame,
      ...(media ? { securityOrigin: origin, mediaTypes: [media] } : {}),
    };
    return new Promise((resolve) => {
      request(contents as unknown as Electron.WebContents, name, resolve, details);
    });
  }
}
