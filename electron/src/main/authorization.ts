/** Shows the server the token, on requests of our own pages alone; no page ever has it. */
import type { Session } from "electron";
import type { Running } from "./server";

/** What decides about a request. */
export interface Asked {
  url: string;
  resourceType: string;
  /** Of the page that asks; undefined: the shell itself opens it. */
  initiatorOrigin?: string | undefined;
  isOfApp: boolean;
}

/** Whether it is a request of our page to its own server. Pure. */
export function isOurs({ url, resourceType, initiatorOrigin, isOfApp }: Asked, server: string): boolean {
  if (!isAt(url, server)) return false;
  // A download need not tell of which window it is, but tells who began it.
  return initiatorOrigin === undefined ? isOfApp && resourceType === "mainFrame" : initiatorOrigin === server;
}

/** Whether one of our windows would show a page that is not the server's: its history may lead to where that was. Pure. */
export const isAstray = ({ url, resourceType, isOfApp }: Asked, server: string | null): boolean =>
  isOfApp && resourceType === "mainFrame" && (server === null || !isAt(url, server));

const isAt = (url: string, server: string): boolean => URL.canParse(url) && new URL(url).origin === server;

/** `running`: null while the server does not run, as then nobody at its port is to see a token. `isOfApp`: whether that is a window of our pages. */
export function authorize(
  session: Session,
  running: () => Running | null,
  isOfApp: (webContentsId: number | undefined) => boolean,
): void {
  session.webRequest.onBeforeSendHeaders((details, respond) => {
    const { url, resourceType, initiatorOrigin, webContentsId } = details;
    const server = running();
    const asked = { url, resourceType, initiatorOrigin, isOfApp: isOfApp(webContentsId) };
    // One that was added before must not go along where a request is sent on.
    const requestHeaders = { ...details.requestHeaders };
    delete requestHeaders.Authorization;
    if (server && isOurs(asked, server.url)) requestHeaders.Authorization = `Bearer ${server.token}`;
    respond({ requestHeaders, cancel: isAstray(asked, server?.url ?? null) });
  });
}
