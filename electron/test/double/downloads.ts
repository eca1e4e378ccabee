/** Downloads: Chromium saves them in a folder of its own, from where they go to the path that the item was given. */
import { copyFileSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Protocol } from "../../node_modules/playwright-core/types/protocol";
import { frameOf } from "./frames";
import { Emitter } from "./implemented";
import { paths } from "./paths";
import { chromium } from "./running";

type Known =
  | "getURL"
  | "getFilename"
  | "hasUserGesture"
  | "getSavePath"
  | "setSavePath"
  | "getState"
  | "getTotalBytes"
  | "getReceivedBytes"
  | "cancel";

const items = new Map<string, DownloadItem>();
const folder = (): string => join(paths.get("userData"), "Chromium downloads");

class DownloadItem extends Emitter implements Pick<Electron.DownloadItem, Known> {
  private state: ReturnType<Electron.DownloadItem["getState"]> = "progressing";
  private path = "";
  private total = 0;
  private received = 0;

  constructor(
    private readonly begun: Protocol.Browser.downloadWillBeginPayload,
    private readonly byUser: boolean,
  ) {
    super("DownloadItem", ["updated", "done"]);
  }

  getURL(): string {
    return this.begun.url;
  }

  getFilename(): string {
    return this.begun.suggestedFilename;
  }

  hasUserGesture(): boolean {
    return this.byUser;
  }

  getSavePath(): string {
    return this.path;
  }

  setSavePath(path: string): void {
    this.path = path;
  }

  getState(): ReturnType<Electron.DownloadItem["getState"]> {
    return this.state;
  }

  getTotalBytes(): number {
    return this.total;
  }

  getReceivedBytes(): number {
    return this.received;
  }

  cancel(): void {
    this.state = "cancelled";
    chromium().browser.tell("Browser.cancelDownload", { guid: this.begun.guid });
  }

  /** Saves it where it was told, or among the user's downloads under its name. */
  progress(now: Protocol.Browser.downloadProgressPayload): void {
    this.total = now.totalBytes;
    this.received = now.receivedBytes;
    if (now.state === "inProgress") {
      this.ask("updated", {}, "progressing");
      return;
    }
    // A small one may be complete before Chromium hears that it was cancelled.
    if (this.state !== "cancelled") this.state = now.state === "canceled" ? "cancelled" : now.state;
    if (this.state === "completed") this.save();
    items.delete(now.guid);
    this.ask("done", {}, this.state);
  }

  private save(): void {
    if (!this.path) this.path = join(paths.get("downloads"), basename(this.getFilename()));
    mkdirSync(dirname(this.path), { recursive: true });
    copyFileSync(join(folder(), this.begun.guid), this.path);
  }
}

/** Lets the pages of a browser context download. */
export async function takeDownloads(context: { browserContextId?: string }): Promise<void> {
  await chromium().browser.send("Browser.setDownloadBehavior", {
    behavior: "allowAndName",
    downloadPath: folder(),
    eventsEnabled: true,
    ...context,
  });
}

/** Tells sessions of their downloads, which a listener may cancel. */
export function watchDownloads(): void {
  const { browser } = chromium();
  const begins = new Map<string, Promise<void>>();
  browser.listen("Browser.downloadWillBegin", (begun) => void begins.set(begun.guid, begin(begun)));
  browser.listen("Browser.downloadProgress", (progress) => {
    void begins.get(progress.guid)?.then(() => items.get(progress.guid)?.progress(progress));
  });
}

async function begin(begun: Protocol.Browser.downloadWillBeginPayload): Promise<void> {
  const contents = frameOf(begun.frameId)?.contents;
  const item = new DownloadItem(begun, (await contents?.page.isByUser(begun.url)) ?? false);
  items.set(begun.guid, item);
  if (!contents || contents.session.ask("will-download", {}, item, contents)) item.cancel();
}
