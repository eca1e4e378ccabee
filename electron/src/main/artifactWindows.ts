/** Windows of artifacts: one each, with a session of its own, no preload, and nothing but its own origin. */
import { session, type BrowserWindow, type Session } from "electron";
import { MOST_CRASHES, recent } from "./crashLimit";
import type { Log } from "./log";
import { isArtifact, isOwnRequest } from "./navigationPolicy";
import { ABORTED, bringForward, type Pages } from "./pages";
import type { Running } from "./server";

interface ArtifactWindow {
  window: BrowserWindow;
  url: URL;
  /** It shows that something could not be loaded. */
  isLost: boolean;
  /** When it was brought back from elsewhere. */
  strays: { at: number }[];
}

interface Options {
  pages: Pages;
  running: () => Running | null;
  log: Log;
}

const SIZE = { width: 1080, height: 760, minWidth: 320, minHeight: 240 };

export class ArtifactWindows {
  private readonly all = new Map<string, ArtifactWindow>();

  constructor(private readonly options: Options) {}

  /** Show it in its window. False: that is no artifact of the server's, or it could not be loaded. */
  async open(address: string, title: string): Promise<boolean> {
    const server = this.options.running();
    const url = URL.canParse(address) ? new URL(address) : null;
    if (!server || !url || !isArtifact(url, server.url)) return false;
    const id = idOf(url);
    const there = this.all.get(id);
    if (there) {
      bringForward(there.window);
      return true;
    }
    const window = this.make(id, url, title);
    try {
      await window.loadURL(url.href);
      return true;
    } catch (error) {
      this.options.log.write(`${id}: ${String(error)}`);
      if (!window.isDestroyed()) window.destroy();
      return false;
    }
  }

  /** The server runs, perhaps at another port, which is part of an artifact's origin. */
  serverIsThere({ url: server }: Running): void {
    for (const one of this.all.values()) {
      const { port } = new URL(server);
      if (one.url.port === port && !one.isLost) continue;
      one.url.port = port;
      this.goHome(one);
    }
  }

  /** It is no more: its window closes, and what it has stored goes. */
  async forget(artifactId: string): Promise<void> {
    const id = artifactId.replace("_", "-");
    this.all.get(id)?.window.destroy();
    await session.fromPartition(partitionOf(id)).clearStorageData();
  }

  private make(id: string, url: URL, title: string): BrowserWindow {
    const { pages, running, log } = this.options;
    const window = pages.open({
      kind: "artifact",
      home: () => (running() ? url.origin : null),
      window: { ...SIZE, title, webPreferences: { partition: partitionOf(id), spellcheck: false } },
      prepare: (partition) => this.pin(partition, id),
    });
    const opened: ArtifactWindow = { window, url, isLost: false, strays: [] };
    this.all.set(id, opened);
    window.setMenuBarVisibility(false);
    // What it calls itself could pass for something else.
    window.on("page-title-updated", (event) => event.preventDefault());
    window.webContents.on("did-fail-load", (_event, code, words, address, isMainFrame) => {
      log.write(`${id}: ${words} ${address}`);
      if (isMainFrame && code !== ABORTED) this.afterFailure(opened, address);
    });
    window.webContents.on("did-navigate", () => (opened.isLost = false));
    window.once("ready-to-show", () => window.show());
    window.on("closed", () => this.all.delete(id));
    return window;
  }

  private afterFailure(one: ArtifactWindow, address: string): void {
    one.isLost = true;
    // It was led elsewhere, which no request of it reaches: it comes back, but not for ever.
    const isElsewhere = !URL.canParse(address) || new URL(address).origin !== one.url.origin;
    const at = performance.now();
    one.strays = recent(one.strays, at);
    if (!isElsewhere || one.strays.length >= MOST_CRASHES) return;
    one.strays.push({ at });
    this.goHome(one);
  }

  private goHome({ window, url }: ArtifactWindow): void {
    void window
      .loadURL(url.href)
      .then(() => window.webContents.navigationHistory.clear())
      .catch((error: unknown) => this.options.log.write(String(error)));
  }

  /** To the artifact's own origin. */
  private pin(partition: Session, id: string): void {
    partition.webRequest.onBeforeRequest(({ url }, respond) => {
      const own = this.all.get(id)?.url.origin;
      respond({ cancel: own === undefined || !isOwnRequest(own, url) });
    });
    partition.on("will-download", (event, item) => {
      if (!item.hasUserGesture()) event.preventDefault();
    });
  }
}

const idOf = (url: URL): string => url.hostname.slice(0, -".localhost".length);

const partitionOf = (id: string): string => `persist:${id}`;
