/** Where a page may go, and what becomes of the windows that it asks for. Pure. */

/** `app`: our page. `artifact`: a page that the agent wrote, in a window of its own. `status`: the shell's own. */
export type Kind = "app" | "artifact" | "status";

/** `external`: the browser shows it. `ask`: so it does if the user says so. `artifact`, `app`: a window of that kind shows it. */
export type Decision = "allow" | "deny" | "external" | "ask" | "artifact" | "app";

const EXTERNAL = new Set(["http:", "https:", "mailto:"]);
const DOCUMENTATION = "/api/v1/docs";

/** Where a window is at home; null: the server does not run. */
export type Home = string | null;

/** The window itself is to go there. */
export function decideNavigation(kind: Kind, home: Home, target: string): Decision {
  const url = parse(target);
  if (!url || home === null || kind === "status") return "deny";
  if (kind === "artifact") return isAt(url, home) ? "allow" : askFor(url);
  if (isAt(url, home)) return isPage(url) ? "allow" : "deny";
  return isArtifact(url, home) ? "artifact" : externalOr(url, "deny");
}

/** A frame in it is to go there. The pages' own policies say the same; this holds where one was forgotten. */
export function decideFrame(kind: Kind, home: Home, target: string): Decision {
  const url = parse(target);
  if (!url || home === null || kind === "status") return "deny";
  if (url.protocol === "about:" || url.protocol === "blob:" || url.protocol === "data:") return "allow";
  return isAt(url, home) || (kind === "app" && isArtifact(url, home)) ? "allow" : "deny";
}

/** It asks for another window. */
export function decideWindow(kind: Kind, home: Home, target: string): Decision {
  const url = parse(target);
  if (!url || home === null || kind === "status") return "deny";
  if (kind === "artifact") return isAt(url, home) ? "deny" : askFor(url);
  if (isAt(url, home)) return isPage(url) ? "app" : "deny";
  return isArtifact(url, home) ? "artifact" : externalOr(url, "deny");
}

/** Whether the browser, or the mail program, may be asked to open it. */
export function isExternal(target: string): boolean {
  const url = parse(target);
  return url !== null && externalOr(url, "deny") === "external";
}

/** Whether it is at an artifact's own origin: `http://art-<id>.localhost` at the server's port. */
export function isArtifact(url: URL, home: string): boolean {
  return (
    url.protocol === "http:" &&
    url.port === new URL(home).port &&
    /^art-[0-9a-z]{26}\.localhost$/.test(url.hostname)
  );
}

/** Whether a request of an artifact's window may go out. */
export function isOwnRequest(origin: string, target: string): boolean {
  const url = parse(target);
  if (!url) return false;
  if (url.protocol === "blob:" || url.protocol === "data:" || url.protocol === "about:") return true;
  if (url.protocol === "devtools:") return true;
  return url.origin === origin;
}

function parse(target: string): URL | null {
  return URL.canParse(target) ? new URL(target) : null;
}

/** What a page makes itself (`blob:`) has its origin, too, but the server did not send it. */
const isAt = (url: URL, home: string): boolean => url.protocol === "http:" && url.origin === home;

/** Pages of ours, and the API's documentation; anything else of the API is data, also where its path is escaped. */
function isPage({ pathname }: URL): boolean {
  if (pathname === DOCUMENTATION) return true;
  try {
    return !/^\/(api|v1)(\/|$)/.test(decodeURIComponent(pathname));
  } catch {
    return false;
  }
}

function externalOr(url: URL, otherwise: Decision): Decision {
  const isNamed =
    url.protocol === "mailto:" || (url.hostname !== "" && url.username === "" && url.password === "");
  return EXTERNAL.has(url.protocol) && isNamed ? "external" : otherwise;
}

const askFor = (url: URL): Decision => (externalOr(url, "deny") === "external" ? "ask" : "deny");
