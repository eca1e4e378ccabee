/** Every request of every frame and worker, before it goes out: navigations are announced, sessions' handlers asked. */
import type { Protocol } from "../../node_modules/playwright-core/types/protocol";
import { type Frame, frameWhenKnown } from "./frames";
import { chromium } from "./running";
import type { RequestDetails } from "./webRequest";

type Paused = Protocol.Fetch.requestPausedPayload;
type ResourceType = RequestDetails["resourceType"];

const resourceTypes: Partial<Record<Protocol.Network.ResourceType, ResourceType>> = {
  Stylesheet: "stylesheet",
  Image: "image",
  Media: "media",
  Font: "font",
  Script: "script",
  XHR: "xhr",
  Fetch: "xhr",
  EventSource: "xhr",
  Ping: "ping",
  CSPViolationReport: "cspReport",
};

/** Answers are not held up or read: a stream of events goes on as it comes. */
export async function watchRequests(): Promise<void> {
  const { browser } = chromium();
  browser.listen("Fetch.requestPaused", (paused) => {
    decide(paused).then(
      (answer) => {
        if ("errorReason" in answer) browser.tell("Fetch.failRequest", answer);
        else browser.tell("Fetch.continueRequest", answer);
      },
      (error: unknown) => {
        browser.tell("Fetch.failRequest", { requestId: paused.requestId, errorReason: "Failed" });
        console.error(error);
      },
    );
  });
  await browser.send("Fetch.enable", { patterns: [{ urlPattern: "*" }] });
}

type Answer = Protocol.Fetch.continueRequestParameters | Protocol.Fetch.failRequestParameters;

async function decide(paused: Paused): Promise<Answer> {
  const { requestId, request } = paused;
  const frame = await frameWhenKnown(paused.frameId);
  // Of a window that was denied or is none of the app's.
  if (!frame) return { requestId, errorReason: "BlockedByClient" };
  if (paused.resourceType === "Document") await originIsTold(frame.asker);
  else await isAskedBy(frame, paused.networkId);
  const noted = note(paused, frame);
  if (paused.resourceType === "Document") {
    if (!announce(paused, frame, noted)) return { requestId, errorReason: "Aborted" };
    const { contents, isMain: isMainFrame } = frame;
    await contents.session.permissions.settle({ contents, url: request.url, isMainFrame });
    frame.changes(paused.networkId);
  }
  const { webRequest } = frame.contents.session;
  const details = detailsOf(paused, frame, noted);
  const { cancel, redirectURL } = await webRequest.beforeRequest(details);
  if (cancel) return { requestId, errorReason: "BlockedByClient" };
  if (redirectURL !== undefined) return { requestId, url: redirectURL };
  const sent = await webRequest.beforeSendHeaders(details);
  if (sent.cancel) return { requestId, errorReason: "BlockedByClient" };
  return sent.requestHeaders ? { requestId, headers: headerList(sent.requestHeaders) } : { requestId };
}

const sent = new Map<string, () => void>();
const sentBefore = new Set<string>();

/** A page's word about a request, which comes after its word about the document that asks. */
export function isSent(networkId: string): void {
  sent.get(networkId)?.();
  sentBefore.add(networkId);
  setTimeout(() => sentBefore.delete(networkId), 2000).unref();
}

/**
 * While a frame changes, waits until it is known which of its documents asks: the page's word about a request of the new one comes when
 * that has come, but perhaps before its origin is told. Of a worker's request there is no such word: it waits for the change.
 */
async function isAskedBy(frame: Frame, networkId = ""): Promise<void> {
  const { change } = frame;
  if (!change) return;
  const told = sentBefore.has(networkId)
    ? Promise.resolve()
    : new Promise<void>((resolve) => sent.set(networkId, resolve));
  await Promise.race([change.over, told, aSecond()]);
  sent.delete(networkId);
  await originIsTold(frame);
}

/** Of the document that has come: a page may be led elsewhere before it is. */
async function originIsTold({ change }: Frame): Promise<void> {
  if (change?.hasCome) await Promise.race([change.over, aSecond()]);
}

const aSecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1000).unref());

/** What stays the same over redirects; without an initiator it is the app that opens a page. */
interface Noted {
  id: number;
  initiatorOrigin: string | undefined;
}

const notes = new Map<string, Noted>();
let last = 0;

function note(paused: Paused, frame: Frame): Noted {
  const before = notes.get(paused.redirectedRequestId ?? "");
  notes.delete(paused.redirectedRequestId ?? "");
  const noted = before ?? { id: (last += 1), initiatorOrigin: initiatorOf(paused, frame) };
  notes.set(paused.requestId, noted);
  // Nothing tells when a request is over; what is redirected is so soon.
  setTimeout(() => notes.delete(paused.requestId), 60_000).unref();
  return noted;
}

function initiatorOf({ resourceType }: Paused, frame: Frame): string | undefined {
  if (resourceType !== "Document") return frame.origin;
  return frame.isMain && frame.contents.page.takesOwnNavigation() ? undefined : frame.asker.origin;
}

/** False if a listener keeps the frame where it is. */
function announce(paused: Paused, frame: Frame, { initiatorOrigin }: Noted): boolean {
  const { url } = paused.request;
  if (paused.redirectedRequestId !== undefined) return frame.contents.navigates("will-redirect", url, frame);
  if (initiatorOrigin === undefined) return true;
  if (!frame.contents.navigates("will-frame-navigate", url, frame)) return false;
  return !frame.isMain || frame.contents.navigates("will-navigate", url, frame);
}

function detailsOf(paused: Paused, frame: Frame, { id, initiatorOrigin }: Noted): RequestDetails {
  const { request } = paused;
  const ownFrame = frame.isMain ? "mainFrame" : "subFrame";
  const requestHeaders = request.headers as Record<string, string>;
  return {
    id,
    url: request.url,
    method: request.method,
    webContentsId: frame.contents.id,
    webContents: frame.contents as unknown as Electron.WebContents,
    frame: frame as unknown as Electron.WebFrameMain,
    ...(initiatorOrigin === undefined ? {} : { initiatorOrigin }),
    resourceType:
      paused.resourceType === "Document" ? ownFrame : (resourceTypes[paused.resourceType] ?? "other"),
    referrer: requestHeaders.Referer ?? "",
    timestamp: Date.now(),
    uploadData: [],
    requestHeaders,
  };
}

function headerList(headers: Record<string, string | string[]>): Protocol.Fetch.HeaderEntry[] {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => ({ name, value })),
  );
}
