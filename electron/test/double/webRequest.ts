/** A session's handlers of requests; each event keeps only the last listener, as Electron's. */
import { implemented } from "./implemented";

export type RequestDetails = Electron.OnBeforeSendHeadersListenerDetails &
  Electron.OnBeforeRequestListenerDetails;
type OnRequest = (details: RequestDetails, callback: (answer: Electron.CallbackResponse) => void) => void;
type OnHeaders = (details: RequestDetails, callback: (answer: Electron.BeforeSendResponse) => void) => void;

interface Handler<L> {
  applies: (details: RequestDetails) => boolean;
  listener: L;
}

export class WebRequest implements Pick<Electron.WebRequest, "onBeforeRequest" | "onBeforeSendHeaders"> {
  private request: Handler<OnRequest> | undefined;
  private headers: Handler<OnHeaders> | undefined;

  constructor() {
    return implemented("session.webRequest", this);
  }

  onBeforeRequest(filter: Electron.WebRequestFilter | OnRequest | null, listener?: OnRequest | null): void {
    this.request = handlerOf(filter, listener);
  }

  onBeforeSendHeaders(
    filter: Electron.WebRequestFilter | OnHeaders | null,
    listener?: OnHeaders | null,
  ): void {
    this.headers = handlerOf(filter, listener);
  }

  async beforeRequest(details: RequestDetails): Promise<Electron.CallbackResponse> {
    const handler = this.request;
    if (!handler?.applies(details)) return {};
    return new Promise((resolve) => {
      handler.listener(details, resolve);
    });
  }

  async beforeSendHeaders(details: RequestDetails): Promise<Electron.BeforeSendResponse> {
    const handler = this.headers;
    if (!handler?.applies(details)) return {};
    return new Promise((resolve) => {
      handler.listener({ ...details, requestHeaders: { ...details.requestHeaders } }, resolve);
    });
  }
}

function handlerOf<L>(
  filter: Electron.WebRequestFilter | L | null,
  listener: L | null | undefined,
): Handler<L> | undefined {
  const bare = typeof filter === "function" || filter === null;
  const chosen = bare ? filter : listener;
  if (!chosen) return undefined;
  return { applies: bare ? () => true : applies(filter as Electron.WebRequestFilter), listener: chosen };
}

function applies(filter: Electron.WebRequestFilter): (details: RequestDetails) => boolean {
  const wanted = filter.urls.map(matchUrls);
  const excluded = (filter.excludeUrls ?? []).map(matchUrls);
  const types = filter.types as string[] | undefined;
  return ({ url, resourceType }) =>
    (wanted.length === 0 || wanted.some((pattern) => pattern.test(url))) &&
    !excluded.some((pattern) => pattern.test(url)) &&
    (!types?.length || types.includes(resourceType));
}

/** Of a match pattern such as `*://*.example.org:8080/*`; without a port it means all ports. */
export function matchUrls(pattern: string): RegExp {
  if (pattern === "<all_urls>") return /^(https?|wss?|ftp|file|data):/;
  const parts = /^(\*|[a-z][a-z0-9+.-]*):\/\/(\*|\[[^\]]*\]|[^/:*]*|\*\.[^/:*]+)?(?::(\*|\d+))?(\/.*)$/.exec(
    pattern,
  );
  if (!parts) throw new Error(`Invalid url pattern ${pattern}`);
  const [, scheme = "", host = "", port, path = ""] = parts;
  const literal = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  const hosts = host.replace(/^\*\./, "").replace("*", "");
  const hostPattern = host.startsWith("*")
    ? hosts
      ? `(?:[^/:]+\\.)?${literal(hosts)}`
      : "[^/]*?"
    : literal(host);
  const portPattern = port === undefined || port === "*" ? "(?::\\d+)?" : `:${port}`;
  const schemePattern = scheme === "*" ? "(?:https?|wss?)" : literal(scheme);
  return new RegExp(
    `^${schemePattern}://${hostPattern}${portPattern}${literal(path).replaceAll("*", ".*")}$`,
  );
}
