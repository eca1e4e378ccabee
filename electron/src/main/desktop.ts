/** The desktop app: its parts, and what each hears of the others. */
import { release } from "node:os";
import { app, BrowserWindow, clipboard, dialog, Menu, powerMonitor, session, shell } from "electron";
import { followActivity, NOTHING, type Activity } from "./activity";
import { AppWindows } from "./appWindows";
import { ArtifactWindows } from "./artifactWindows";
import { authorize } from "./authorization";
import { linkIn, pathOf } from "./deepLinks";
import { asText, diagnose } from "./diagnosis";
import { Gate } from "./ipc";
import type { Log } from "./log";
import type { Memory } from "./memory";
import { menuTemplate } from "./menu";
import { Notices, noticeOfEnd, noticeOfQuestion } from "./notices";
import { Pages } from "./pages";
import { Quitting } from "./quitting";
import type { Server } from "./server";
import { ServerApi } from "./serverApi";
import type { ServerState } from "./serverState";
import { followCommands } from "./shellCommands";
import { STARTING, StatusWindow } from "./statusWindow";
import { TrayMark } from "./tray";
import { findUpdater, Updates } from "./updates";

/** Where the parts of the app lie. */
export interface Files {
  appPreload: string;
  statusPreload: string;
  statusPage: string;
  trayIcon: string;
}

interface Options {
  server: Server;
  memory: Memory;
  log: Log;
  files: Files;
  isDevelopment: boolean;
}

/** A start that takes longer than this is shown. */
const SHOW_START_AFTER = 800;

export class Desktop {
  private readonly isMac = process.platform === "darwin";
  private readonly pages: Pages;
  private readonly appWindows: AppWindows;
  private readonly artifacts: ArtifactWindows;
  private readonly statusWindow: StatusWindow;
  private readonly notices = new Notices((path) => this.appWindows.show(path));
  private readonly quitting: Quitting;
  private activity: Activity = NOTHING;
  private api: ServerApi | null = null;
  private tray: TrayMark | null = null;
  private updates: Updates | null = null;
  private update: string | null = null;
  /** What is to be shown when the server is there. */
  private wanted: string | null = null;

  constructor(private readonly options: Options) {
    const { server, memory, log, files, isDevelopment } = options;
    const running = () => server.running;
    this.pages = new Pages(isDevelopment, {
      show: (kind, url) => this.showPage(kind, url),
      isUrgent: () => this.quitting.isUrgent,
      onStay: () => this.quitting.cancel(),
    });
    this.appWindows = new AppWindows({
      pages: this.pages,
      running,
      preload: files.appPreload,
      version: app.getVersion(),
      memory,
      log,
      admit: () => this.admit(),
      onSessionEnd: () => this.endAtOnce(),
    });
    this.artifacts = new ArtifactWindows({ pages: this.pages, running, log });
    this.statusWindow = new StatusWindow({
      pages: this.pages,
      file: files.statusPage,
      preload: files.statusPreload,
      onClosed: () => {
        // The windows that wait behind it are of no use.
        if (server.state.name === "failed" && !this.isMac) app.quit();
      },
    });
    this.quitting = new Quitting({
      activity: () => this.activity,
      confirm: (activity) => this.confirmQuit(activity),
      stop: () => server.stop(),
      start: () => server.start(),
      quit: () => app.quit(),
    });
  }

  /** Before Electron is ready. `commandLine`: what the app was started with. */
  listen(commandLine: readonly string[]): void {
    const link = linkIn(commandLine);
    if (link !== null) this.wanted = pathOf(link);
    app.on("second-instance", (_event, given) => this.openLink(linkIn(given)));
    app.on("open-url", (event, url) => {
      event.preventDefault();
      this.openLink(url);
    });
    app.on("activate", () => this.openLink(null));
    app.on("window-all-closed", () => this.afterLastWindow());
    app.on("before-quit", (event) => this.quitting.onBeforeQuit(event));
    app.on("will-quit", (event) => this.quitting.onWillQuit(event));
    app.on("quit", () => this.tray?.remove());
    // Before anything is known of a page it may open nothing; guards.ts says more.
    app.on("web-contents-created", (_event, contents) =>
      contents.setWindowOpenHandler(() => ({ action: "deny" })),
    );
  }

  /** When Electron is ready. */
  start(): void {
    const { server } = this.options;
    authorize(
      session.defaultSession,
      () => server.running,
      (id) => this.pages.isOfApp(id),
    );
    this.answerPages();
    this.hearPower();
    this.makeTray();
    this.renewMenu();
    server.onChange((state) => this.onServer(state));
    server.start();
    // It is made while the server starts.
    this.appWindows.open(this.wanted ?? "/");
    this.wanted = null;
    setTimeout(() => {
      if (server.state.name === "starting") void this.statusWindow.show(STARTING);
    }, SHOW_START_AFTER);
    this.lookForUpdates().catch((error: unknown) => this.options.log.write(`update: ${String(error)}`));
  }

  private onServer(state: ServerState): void {
    this.api?.close();
    this.api = null;
    this.setActivity(NOTHING);
    if (state.name === "ready") this.onReady();
    else if (state.name === "failed") void this.onFailed(state);
  }

  private onReady(): void {
    const { server, memory, log } = this.options;
    const running = server.running;
    if (!running) return;
    memory.keep({ port: Number(new URL(running.url).port) });
    const api = (this.api = new ServerApi(running));
    void followCommands(api, ({ url, title }) => this.artifacts.open(url, title), log);
    void followActivity(
      api,
      {
        onActivity: (activity) => this.api === api && this.setActivity(activity),
        onEnded: (event, title) => this.notify(noticeOfEnd(event, title)),
        onAsked: (approval, title) => this.notify(noticeOfQuestion(approval, title)),
        onArtifactDeleted: (id) => void this.artifacts.forget(id),
      },
      log,
    );
    if (this.wanted !== null) this.appWindows.show(this.wanted);
    else if (this.appWindows.count === 0 && this.statusWindow.isOpen) this.appWindows.open();
    this.wanted = null;
    this.appWindows.serverIsThere();
    this.artifacts.serverIsThere(running);
    this.pages.showHidden();
    this.statusWindow.close();
  }

  /** The windows wait behind the diagnosis: their pages keep what was typed. */
  private async onFailed(state: ServerState & { name: "failed" }): Promise<void> {
    await this.diagnose(state);
    if (this.options.server.state !== state) return;
    this.pages.hide();
  }

  private diagnose({ failure }: ServerState & { name: "failed" }): Promise<void> {
    const { server } = this.options;
    return this.statusWindow.show(diagnose(failure, server.tried, server.said));
  }

  /** Whether a window can show something. */
  private admit(): boolean {
    const { state } = this.options.server;
    if (state.name === "failed") void this.diagnose(state);
    return state.name !== "failed";
  }

  private answerPages(): void {
    const { server, log } = this.options;
    const gate = new Gate((contents) => this.pages.whose(contents));
    gate.hear("app:ready", (contents) => this.appWindows.ready(contents));
    gate.answer("status:get", () => this.statusWindow.status);
    gate.hear("status:retry", () => {
      void this.statusWindow.show(STARTING);
      server.start();
    });
    gate.answer("status:copy", async () => {
      const system = `Cowork ${app.getVersion()}, ${process.platform} ${process.arch} ${release()}`;
      await clipboard.writeText(asText(this.statusWindow.status, system));
      return undefined;
    });
    gate.hear("status:open-logs", () => this.openLogs(log.folder));
    gate.hear("status:quit", () => app.quit());
  }

  private hearPower(): void {
    const { log } = this.options;
    const told = (state: "suspend" | "resume"): void => {
      log.write(`power: ${state}`);
      this.api
        ?.post("/shell/power", { state })
        .catch((error: unknown) => log.write(`power: ${String(error)}`));
    };
    powerMonitor.on("suspend", () => told("suspend"));
    powerMonitor.on("resume", () => told("resume"));
    powerMonitor.on("shutdown", (event?: { preventDefault: () => void }) => {
      // The system waits until this app has quit, which stores what runs.
      event?.preventDefault();
      this.hurry();
      app.quit();
    });
  }

  private hurry(): void {
    this.quitting.hurry();
    this.updates?.hurry();
  }

  /** Windows waits for nobody. */
  private endAtOnce(): void {
    this.hurry();
    this.options.server.stopAtOnce();
  }

  private makeTray(): void {
    try {
      this.tray = new TrayMark(this.options.files.trayIcon, this.isMac, {
        open: () => this.openLink(null),
        show: (path) => this.appWindows.show(path),
        quit: () => app.quit(),
      });
    } catch (error) {
      this.options.log.write(`tray: ${String(error)}`);
    }
  }

  private copyToken(): void {
    const { server, log } = this.options;
    if (!server.running) return;
    clipboard
      .writeText(server.running.token)
      .catch((error: unknown) => log.write(`clipboard: ${String(error)}`));
  }

  private renewMenu(): void {
    const { memory, isDevelopment, log } = this.options;
    const template = menuTemplate(
      {
        command: (id) => this.appWindows.command(id),
        newWindow: () => this.appWindows.open(),
        copyToken: () => this.copyToken(),
        openLogs: () => this.openLogs(log.folder),
        openDocumentation: () => this.appWindows.open("/api/v1/docs"),
        update: this.update === null ? undefined : () => void this.updates?.install(),
        keepsRunning: memory.remembered.keepsRunning,
        setKeepsRunning: (keepsRunning) => memory.keep({ keepsRunning }),
      },
      { isMac: this.isMac, isDevelopment },
    );
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  }

  private async lookForUpdates(): Promise<void> {
    const updater = await findUpdater(!this.options.isDevelopment, process.resourcesPath);
    if (!updater) return;
    this.updates = new Updates({
      updater,
      drain: async () => {
        const isAgreed = await this.quitting.agree();
        if (isAgreed) await this.quitting.drain();
        return isAgreed;
      },
      onFailed: () => this.quitting.cancel(),
      onReady: (version) => {
        this.update = version;
        this.renewMenu();
        this.notices.tell({
          title: `Cowork ${version} is here`,
          body: "Restart to update, or quit when you like.",
          path: "/",
        });
      },
      log: this.options.log,
    });
    this.updates.keepLooking();
  }

  /** Show what a link means, or the app as it is. */
  private openLink(link: string | null): void {
    const path = link === null ? null : pathOf(link);
    // On a Mac a link comes before that.
    if (!app.isReady()) {
      this.wanted = path ?? this.wanted;
    } else if (this.statusWindow.isOpen) {
      this.wanted = path ?? this.wanted;
      this.statusWindow.focus();
    } else if (path !== null) this.appWindows.show(path);
    else this.appWindows.bringForward();
  }

  private showPage(kind: "app" | "artifact", address: string): void {
    const { pathname, search, hash } = new URL(address);
    if (kind === "app") this.appWindows.open(pathname + search + hash);
    else void this.artifacts.open(address, "Artifact");
  }

  private setActivity(activity: Activity): void {
    this.activity = activity;
    this.tray?.tell(activity);
    app.setBadgeCount(activity.asked);
  }

  /** Only where nobody looks. */
  private notify(notice: ReturnType<typeof noticeOfEnd>): void {
    if (notice && BrowserWindow.getFocusedWindow() === null) this.notices.tell(notice);
  }

  private afterLastWindow(): void {
    const { memory, server } = this.options;
    const { keepsRunning, wasTold } = memory.remembered;
    const isOfUse = server.state.name !== "failed" && server.state.name !== "stopped";
    if (this.quitting.isUnderWay || this.isMac) return;
    if (!keepsRunning || !this.tray || !isOfUse) {
      app.quit();
    } else if (!wasTold) {
      memory.keep({ wasTold: true });
      this.notices.tell({
        title: "Cowork goes on without a window",
        body: "So tasks and schedules run. Start it again to see it; File, “Keep running without a window” ends this.",
        path: "/",
      });
    }
  }

  private async confirmQuit({ running }: Activity): Promise<boolean> {
    const tasks =
      running.length === 1 ? "A task is still running" : `${running.length} tasks are still running`;
    const answer = await dialog.showMessageBox({
      type: "question",
      message: `${tasks}. Quit Cowork all the same?`,
      detail: "What they have done so far is kept, and they can be sent again.",
      buttons: ["Quit", "Cancel"],
      defaultId: 1,
      cancelId: 1,
    });
    return answer.response === 0;
  }

  private openLogs(folder: string): void {
    void shell.openPath(folder);
  }
}
