/** Which window shows what: every page is noted here before it loads anything, and held to the policies. */
import {
  BrowserWindow,
  type BrowserWindowConstructorOptions,
  type Session,
  type WebContents,
} from "electron";
import { guard, guardSession, type Host } from "./guards";
import type { Home, Kind } from "./navigationPolicy";

/** Chromium's code for a load that something newer took the place of, or that was prevented. */
export const ABORTED = -3;

export interface PageOptions {
  kind: Kind;
  home: () => Home;
  /** Its window; `webPreferences` are what is added to those that all have. */
  window: BrowserWindowConstructorOptions;
  /** What its session is given beside the guards: once, as a session outlives its windows. */
  prepare?: (session: Session) => void;
}

interface Page {
  kind: Kind;
  home: () => Home;
  window: BrowserWindow;
}

export class Pages {
  /** The one that had the focus last is the last. */
  private readonly known = new Map<number, Page>();
  private readonly hidden = new Set<BrowserWindow>();
  private readonly guarded = new WeakSet<Session>();

  constructor(
    private readonly isDevelopment: boolean,
    private readonly host: Host,
  ) {}

  /** A window, not shown yet. */
  open({ kind, home, window: { webPreferences, ...look }, prepare }: PageOptions): BrowserWindow {
    const window = new BrowserWindow({
      show: false,
      ...look,
      webPreferences: {
        ...webPreferences,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        devTools: this.isDevelopment,
      },
    });
    const { id } = window.webContents;
    const note = (): void => {
      this.known.delete(id);
      this.known.set(id, { kind, home, window });
    };
    note();
    window.on("focus", note);
    window.on("closed", () => {
      this.known.delete(id);
      this.hidden.delete(window);
    });
    guard(window, { kind, home, host: this.host });
    this.prepareOnce(window.webContents.session, prepare);
    return window;
  }

  /** Undefined: it is no window of ours. */
  whose(contents: WebContents | null): { kind: Kind; home: Home } | undefined {
    return contents ? this.of(contents.id) : undefined;
  }

  isOfApp(webContentsId: number | undefined): boolean {
    return webContentsId !== undefined && this.known.get(webContentsId)?.kind === "app";
  }

  /** All but the status page wait unseen, and keep what was typed. */
  hide(): void {
    for (const { kind, window } of [...this.known.values()]) {
      if (kind === "status" || !window.isVisible()) continue;
      this.hidden.add(window);
      window.hide();
    }
  }

  /** Those that wait come back. */
  showHidden(): void {
    for (const window of this.hidden) window.show();
    this.hidden.clear();
  }

  private prepareOnce(session: Session, prepare?: (session: Session) => void): void {
    if (this.guarded.has(session)) return;
    this.guarded.add(session);
    guardSession(session, (contents) => this.whose(contents));
    prepare?.(session);
  }

  private of(id: number): { kind: Kind; home: Home } | undefined {
    const found = this.known.get(id);
    return found && { kind: found.kind, home: found.home() };
  }
}

/** Bring it to the front, wherever it is. */
export function bringForward(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}
