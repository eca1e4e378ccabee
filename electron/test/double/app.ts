/** The app: its start, its end, its names and folders. */
import { join } from "node:path";
import { version as electronVersion } from "../../node_modules/electron/package.json";
import { Chromium } from "./chromium";
import { watchDownloads } from "./downloads";
import { Emitter, implemented, record, words } from "./implemented";
import { about, paths, switchValue } from "./paths";
import { watchRequests } from "./requests";
import { running } from "./running";
import { SingleInstance } from "./singleInstance";
import { watchTargets } from "./targets";

type Known =
  | "whenReady"
  | "isReady"
  | "requestSingleInstanceLock"
  | "hasSingleInstanceLock"
  | "releaseSingleInstanceLock"
  | "getPath"
  | "setPath"
  | "getName"
  | "setName"
  | "name"
  | "getVersion"
  | "getAppPath"
  | "isPackaged"
  | "quit"
  | "exit"
  | "relaunch"
  | "focus"
  | "hide"
  | "show"
  | "setAsDefaultProtocolClient"
  | "removeAsDefaultProtocolClient"
  | "isDefaultProtocolClient"
  | "setAppUserModelId"
  | "enableSandbox"
  | "setAboutPanelOptions"
  | "showAboutPanel"
  | "setBadgeCount"
  | "getBadgeCount"
  | "badgeCount"
  | "getLocale"
  | "disableHardwareAcceleration"
  | "setLoginItemSettings"
  | "setAppLogsPath"
  | "dock";

const events = words(`
  will-finish-launching ready second-instance open-url open-file activate before-quit will-quit quit
  window-all-closed web-contents-created browser-window-created browser-window-focus browser-window-
  blur render-process-gone child-process-gone certificate-error select-client-certificate login gpu-
  info-update accessibility-support-changed
`);

const main = process.argv[1] ?? process.cwd();
const packaged = process.env.COWORK_DOUBLE_PACKAGED === "1";

class App extends Emitter implements Pick<Electron.App, Known> {
  readonly isPackaged = packaged;
  readonly commandLine = commandLine();
  dock = undefined;
  badgeCount = 0;
  private readonly about = about(main);
  private readonly instance = new SingleInstance();
  private ready: Promise<void> | undefined;
  private isStarted = false;
  private quitting = false;
  private ended = false;
  private version = this.about.version;
  private loginItem: Electron.LoginItemSettings = { openAtLogin: false } as Electron.LoginItemSettings;
  private readonly protocols = new Set<string>();

  constructor() {
    super("app", events);
    paths.appName = this.about.name;
  }

  /** Begins as Electron does once the main script has been read. */
  start(): void {
    const alive = setInterval(() => undefined, 2 ** 30);
    process.once("exit", () => clearInterval(alive));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => this.quit());
    setImmediate(() => void this.whenReady());
  }

  whenReady(): Promise<void> {
    this.ready ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.launch());
    return this.ready;
  }

  private async launch(): Promise<void> {
    running.chromium = await Chromium.start(join(paths.get("userData"), "Chromium"));
    await Promise.all([watchTargets(), watchRequests()]);
    watchDownloads();
    running.userAgent = (await running.chromium.browser.send("Browser.getVersion")).userAgent;
    process.send?.({ chromium: running.chromium.pid, endpoint: await running.chromium.endpoint });
    if (this.ended) return;
    this.isStarted = true;
    this.emit("ready", {}, {});
  }

  isReady(): boolean {
    return this.isStarted;
  }

  requestSingleInstanceLock(data: Record<string, unknown> = {}): boolean {
    return this.instance.request(paths.get("userData"), data, (second) => {
      void this.whenReady().then(() =>
        this.emit("second-instance", {}, second.argv, second.cwd, second.data),
      );
    });
  }

  hasSingleInstanceLock(): boolean {
    return this.instance.held;
  }

  releaseSingleInstanceLock(): void {
    this.instance.release();
  }

  quit(): void {
    if (this.quitting || this.ended) return;
    this.quitting = !this.ask("before-quit");
    if (!this.quitting) return;
    if (running.windows.size === 0) this.hasNoWindows();
    for (const window of [...running.windows]) window.close();
  }

  /** A window stays open, which ends the attempt to quit. */
  staysOpen(): void {
    this.quitting = false;
  }

  /** The last window is closed. */
  hasNoWindows(): void {
    if (this.ended) return;
    if (!this.quitting) {
      if (this.listenerCount("window-all-closed") === 0) this.quit();
      else this.emit("window-all-closed");
      return;
    }
    if (this.ask("will-quit")) this.quitting = false;
    else this.end(0);
  }

  exit(code = 0): void {
    if (this.ended) return;
    this.ended = true;
    for (const window of [...running.windows]) window.destroy();
    this.ended = false;
    this.end(code);
  }

  private end(code: number): void {
    this.ended = true;
    this.emit("quit", {}, code);
    void Promise.resolve(running.chromium?.close()).finally(() => process.exit(code));
  }

  relaunch(options?: Electron.RelaunchOptions): void {
    record("app.relaunch", options);
  }

  getPath(name: string): string {
    return paths.get(name);
  }

  setPath(name: string, path: string): void {
    paths.set(name, path);
  }

  setAppLogsPath(path?: string): void {
    if (path !== undefined) paths.set("logs", path);
  }

  get name(): string {
    return paths.appName;
  }

  set name(name: string) {
    paths.appName = name;
  }

  getName(): string {
    return this.name;
  }

  setName(name: string): void {
    this.name = name;
  }

  getVersion(): string {
    return this.version;
  }

  getAppPath(): string {
    return this.about.folder;
  }

  getLocale(): string {
    return "en-US";
  }

  focus(): void {
    record("app.focus");
  }

  hide(): void {
    record("app.hide");
  }

  show(): void {
    record("app.show");
  }

  setAsDefaultProtocolClient(protocol: string): boolean {
    record("app.setAsDefaultProtocolClient", protocol);
    this.protocols.add(protocol);
    return true;
  }

  removeAsDefaultProtocolClient(protocol: string): boolean {
    return this.protocols.delete(protocol);
  }

  isDefaultProtocolClient(protocol: string): boolean {
    return this.protocols.has(protocol);
  }

  setBadgeCount(count = 0): boolean {
    this.badgeCount = count;
    return true;
  }

  getBadgeCount(): number {
    return this.badgeCount;
  }

  setLoginItemSettings(settings: Electron.Settings): void {
    this.loginItem = { ...this.loginItem, openAtLogin: settings.openAtLogin ?? false };
  }

  getLoginItemSettings(): Electron.LoginItemSettings {
    return this.loginItem;
  }

  setAppUserModelId(id: string): void {
    record("app.setAppUserModelId", id);
  }

  setAboutPanelOptions(options: Electron.AboutPanelOptionsOptions): void {
    record("app.setAboutPanelOptions", options);
  }

  showAboutPanel(): void {
    record("app.showAboutPanel");
  }

  enableSandbox(): void {
    // Every window is checked for it.
  }

  disableHardwareAcceleration(): void {
    // Chromium was started without it.
  }
}

function commandLine(): Pick<
  Electron.CommandLine,
  "appendSwitch" | "hasSwitch" | "getSwitchValue" | "removeSwitch"
> {
  const added = new Map<string, string>();
  return implemented("app.commandLine", {
    appendSwitch: (name: string, value = "") => void added.set(name, value),
    removeSwitch: (name: string) => void added.delete(name),
    hasSwitch: (name: string) => added.has(name) || switchValue(name) !== undefined,
    getSwitchValue: (name: string) => added.get(name) ?? switchValue(name) ?? "",
  });
}

export const app = new App();
export { electronVersion };
