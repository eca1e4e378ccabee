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
  if (!isOfApp || !URL.canParse(url) || new URL(url).origin !== server) return false;
  return initiatorOrigin === undefined ? resourceType === "mainFrame" : initiatorOrigin === server;
}

/** `running`: null while the server does not run, as then nobody at its port is to see a token. `isOfApp`: whether that is a window of our pages. */
export function authorize(
  session: Session,
  running: () => Running | null,
  isOfApp: (webContentsId: number | undefined) => boolean,
): void {
  session.webRequest.onBeforeSendHeaders((details, respond) => {
    const { url, resourceType, initiatorOrigin, webContentsId } = details;
    const server = running();
    const requestHeaders = { ...details.requestHeaders };
    if (
      server &&
      isOurs({ url, resourceType, initiatorOrigin, isOfApp: isOfApp(webContentsId) }, server.url)
    ) {
      requestHeaders.Authorization = `Bearer ${server.token}`;
    }
    respond({ requestHeaders });
  });
}
