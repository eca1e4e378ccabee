/** Sessions: each is a browser context of its own, the default one Chromium's own. */
import type { CdpSession } from "./chromium";
import { takeDownloads } from "./downloads";
import { Emitter, implemented, words } from "./implemented";
import { type OnCheck, type OnPermission, Permissions } from "./permissions";
import { chromium, running } from "./running";
import { WebRequest } from "./webRequest";

type Known =
  | "setPermissionRequestHandler"
  | "setPermissionCheckHandler"
  | "setDevicePermissionHandler"
  | "setDisplayMediaRequestHandler"
  | "setBluetoothPairingHandler"
  | "setUSBProtectedClassesHandler"
  | "setSpellCheckerEnabled"
  | "setSpellCheckerLanguages"
  | "isSpellCheckerEnabled"
  | "clearStorageData"
  | "clearCache"
  | "closeAllConnections"
  | "isPersistent"
  | "getUserAgent"
  | "setUserAgent";

const events = words(`
  will-download select-hid-device select-serial-port select-usb-device hid-device-added hid-device-
  removed hid-device-revoked serial-port-added serial-port-removed serial-port-revoked usb-device-
  added usb-device-removed usb-device-revoked preconnect
`);

export class Session extends Emitter implements Pick<Electron.Session, Known> {
  readonly webRequest = new WebRequest();
  readonly permissions: Permissions;
  /** The handlers of devices, which no page of a headless Chromium can ask for; specs may call them. */
  readonly handlers: Record<string, unknown> = {};
  private made: Promise<string | undefined> | undefined;
  private spellChecker = true;
  private userAgent: string | undefined;

  /** Without a partition it is the default session; its partition is persistent if the name begins with `persist:`. */
  constructor(private readonly partition: string | undefined) {
    super("session", events);
    this.permissions = new Permissions(
      () => chromium().browser,
      () => this.context(),
    );
  }

  /** The id of the browser context; undefined is the default one. */
  context(): Promise<string | undefined> {
    this.made ??= this.make();
    return this.made;
  }

  private async make(): Promise<string | undefined> {
    const { browser } = chromium();
    const context: { browserContextId?: string } =
      this.partition === undefined ? {} : await browser.send("Target.createBrowserContext");
    await takeDownloads(context);
    return context.browserContextId;
  }

  setPermissionRequestHandler(handler: OnPermission | null): void {
    this.permissions.request = handler;
    this.permissions.settleAgain().catch(() => undefined);
  }

  setPermissionCheckHandler(handler: OnCheck | null): void {
    this.permissions.check = handler;
    this.permissions.settleAgain().catch(() => undefined);
  }

  setDevicePermissionHandler(handler: unknown): void {
    this.handlers.device = handler;
  }

  setDisplayMediaRequestHandler(handler: unknown): void {
    this.handlers.displayMedia = handler;
  }

  setBluetoothPairingHandler(handler: unknown): void {
    this.handlers.bluetoothPairing = handler;
  }

  setUSBProtectedClassesHandler(handler: unknown): void {
    this.handlers.usbProtectedClasses = handler;
  }

  setSpellCheckerEnabled(enable: boolean): void {
    this.spellChecker = enable;
  }

  isSpellCheckerEnabled(): boolean {
    return this.spellChecker;
  }

  setSpellCheckerLanguages(languages: string[]): void {
    this.handlers.spellCheckerLanguages = languages;
  }

  /** A partition that no window shows is given up as a whole; it is empty when it is used again. */
  async clearStorageData(): Promise<void> {
    const page = this.onePage();
    const context = await this.made;
    if (!page && context !== undefined) {
      this.made = undefined;
      await chromium().browser.send("Target.disposeBrowserContext", { browserContextId: context });
    }
    await page?.send("Network.clearBrowserCookies");
    for (const origin of this.permissions.origins())
      await page?.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  }

  async clearCache(): Promise<void> {
    await this.onePage()?.send("Network.clearBrowserCache");
  }

  private onePage(): CdpSession | undefined {
    return [...running.contents.values()].find(
      (contents) => contents.session === this && !contents.isDestroyed(),
    )?.page.cdp;
  }

  closeAllConnections(): Promise<void> {
    return Promise.resolve();
  }

  isPersistent(): boolean {
    return this.partition === undefined || this.partition.startsWith("persist:");
  }

  getUserAgent(): string {
    return this.userAgent ?? running.userAgent;
  }

  /** What `setUserAgent` was given. */
  get ownUserAgent(): string | undefined {
    return this.userAgent;
  }

  setUserAgent(userAgent: string): void {
    this.userAgent = userAgent;
  }
}

const partitions = new Map<string | undefined, Session>();

function partitioned(partition: string | undefined): Session {
  const session = partitions.get(partition) ?? new Session(partition);
  partitions.set(partition, session);
  return session;
}

/** The module `session`. */
export const sessions = implemented("session", {
  defaultSession: partitioned(undefined),
  fromPartition: (partition: string) => partitioned(partition === "" ? undefined : partition),
});
