/** Holds every page to navigationPolicy.ts and permissionPolicy.ts. */
import type { BrowserWindow, Session, WebContents } from "electron";
import { askToLeave } from "./askToLeave";
import { askToOpenExternal, openExternal } from "./external";
import {
  decideFrame,
  decideNavigation,
  decideWindow,
  type Decision,
  type Home,
  type Kind,
} from "./navigationPolicy";
import { isPermitted } from "./permissionPolicy";

export interface Guarded {
  kind: Kind;
  /** Where it is at home now. */
  home: () => Home;
  host: Host;
}

/** What the rest of the app does for a page. */
export interface Host {
  /** Shows a page of ours, or an artifact's, in a window. */
  show: (kind: "app" | "artifact", url: string) => void;
  /** Whether there is nobody to be asked. */
  isUrgent: () => boolean;
  /** A window is not closed after all. */
  onStay: () => void;
}

/** Every window is given to this before it loads anything. */
export function guard(window: BrowserWindow, { kind, home, host }: Guarded): void {
  const contents = window.webContents;
  const carryOut = (decision: Decision, url: string): void => {
    if (decision === "external") void openExternal(url);
    else if (decision === "ask") void askToOpenExternal(window, url);
    else if (decision === "artifact" || decision === "app") host.show(decision, url);
  };
  contents.on("will-navigate", (event) => {
    const decision = decideNavigation(kind, home(), event.url);
    if (decision === "allow") return;
    event.preventDefault();
    carryOut(decision, event.url);
  });
  contents.on("will-redirect", (event) => {
    const decide = event.isMainFrame ? decideNavigation : decideFrame;
    if (decide(kind, home(), event.url) !== "allow") event.preventDefault();
  });
  contents.on("will-frame-navigate", (event) => {
    if (!event.isMainFrame && decideFrame(kind, home(), event.url) !== "allow") event.preventDefault();
  });
  contents.setWindowOpenHandler(({ url }) => {
    carryOut(decideWindow(kind, home(), url), url);
    return { action: "deny" };
  });
  // Only our own pages have something to lose: no other may keep its window open.
  contents.on("will-prevent-unload", (event) => {
    if (kind !== "app" || host.isUrgent() || askToLeave(window)) event.preventDefault();
    else host.onStay();
  });
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWebRTCIPHandlingPolicy("disable_non_proxied_udp");
}

/** What the pages of a session may have of the machine. `guarded`: of which kind a page is; undefined: of none. */
export function guardSession(
  session: Session,
  guarded: (contents: WebContents | null) => { kind: Kind; home: Home } | undefined,
): void {
  const permits = (contents: WebContents | null, permission: string, origin: string): boolean => {
    const asking = guarded(contents);
    return asking !== undefined && isPermitted(permission, { ...asking, origin });
  };
  session.setPermissionRequestHandler((contents, permission, answer, { requestingUrl }) =>
    answer(permits(contents, permission, requestingUrl)),
  );
  session.setPermissionCheckHandler((contents, permission, origin) => permits(contents, permission, origin));
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}));
}
