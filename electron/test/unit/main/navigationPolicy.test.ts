// @vitest-environment node
import { describe, expect, it } from "vitest";
import {
  decideFrame,
  decideNavigation,
  decideWindow,
  isArtifact,
  isExternal,
  isOwnRequest,
  type Decision,
  type Kind,
} from "../../../src/main/navigationPolicy";

const HOME = "http://localhost:26866";
const ID = "0123456789abcdefghjkmnpqrs";
const OTHER_ID = "1123456789abcdefghjkmnpqrs";
const ART = `http://art-${ID}.localhost:26866`;

const KINDS: Kind[] = ["app", "artifact", "status"];
const DECIDE = { navigation: decideNavigation, frame: decideFrame, window: decideWindow };

/** Of an app's page: a navigation, a frame, a window; then of an artifact's. The status page goes nowhere. */
type Row = [target: string, app: [Decision, Decision, Decision], artifact: [Decision, Decision, Decision]];

const deny: [Decision, Decision, Decision] = ["deny", "deny", "deny"];
/** The browser's: an artifact has to ask. */
const WEB: [typeof deny, typeof deny] = [
  ["external", "deny", "external"],
  ["ask", "deny", "ask"],
];
const NOTHING: [typeof deny, typeof deny] = [deny, deny];
/** What a page makes itself is shown in frames, and nowhere else. */
const OWN: [typeof deny, typeof deny] = [
  ["deny", "allow", "deny"],
  ["deny", "allow", "deny"],
];
const page: typeof deny = ["allow", "allow", "app"];
const data: typeof deny = ["deny", "allow", "deny"];
const asWeb: typeof deny = ["ask", "deny", "ask"];
/** In the window of an artifact, another one is the web. */
const artifact: [typeof deny, typeof deny] = [["artifact", "allow", "artifact"], asWeb];

const ROWS: Row[] = [
  // Our pages.
  [`${HOME}/`, page, asWeb],
  [`${HOME}/tasks/conv_1?a=1#b`, page, asWeb],
  [`${HOME.toUpperCase()}/tasks`, page, asWeb],
  [`${HOME}/apiary`, page, asWeb],
  [`${HOME}/v1beta`, page, asWeb],
  [`${HOME}/tasks/api/v1`, page, asWeb],
  // The API.
  [`${HOME}/api/v1/docs`, page, asWeb],
  [`${HOME}/api/v1/docs?a=1#b`, page, asWeb],
  [`${HOME}/api/v1/docs/x`, data, asWeb],
  [`${HOME}/api/v1/docs/../settings`, data, asWeb],
  [`${HOME}/api`, data, asWeb],
  [`${HOME}/api/v1/files/file_1/content`, data, asWeb],
  [`${HOME}/v1/models`, data, asWeb],
  [`${HOME}/x/../api/v1/files`, data, asWeb],
  [`${HOME}/%61pi/v1/files`, data, asWeb],
  [`${HOME}/x/%2e%2e/api/v1/files`, data, asWeb],
  [`${HOME}\\api\\v1\\files`, data, asWeb],
  [`${HOME}/a%ff`, data, asWeb],
  // Artifacts: the first row is the artifact's own.
  [`${ART}/index.html`, artifact[0], ["allow", "allow", "deny"]],
  [`http://art-${OTHER_ID}.localhost:26866/`, ...artifact],
  [`http://ART-${OTHER_ID.toUpperCase()}.LOCALHOST:26866/`, ...artifact],
  // Look-alikes of both.
  [`http://art-${ID}.localhost.evil.com:26866/`, ...WEB],
  [`http://art-${ID}.localhost.:26866/`, ...WEB],
  [`http://x.art-${ID}.localhost:26866/`, ...WEB],
  [`http://art-${ID}x.localhost:26866/`, ...WEB],
  [`http://art-${ID}.localhost:9999/`, ...WEB],
  [`https://art-${ID}.localhost:26866/`, ...WEB],
  [`http://evil.com/art-${ID}.localhost:26866/`, ...WEB],
  ["http://localhost:26866.evil.com/", ...NOTHING],
  ["http://localhost.evil.com:26866/", ...WEB],
  ["http://localhost:26866@evil.com/", ...NOTHING],
  ["http://localhost.:26866/", ...WEB],
  ["http://localhost:9999/", ...WEB],
  ["http://localhost/", ...WEB],
  ["https://localhost:26866/", ...WEB],
  ["http://127.0.0.1:26866/", ...WEB],
  ["http://[::1]:26866/", ...WEB],
  // The web and mail.
  ["https://example.com/a?b#c", ...WEB],
  ["HTTPS://EXAMPLE.COM/", ...WEB],
  ["https://example.com./", ...WEB],
  ["http://[2001:db8::1]/", ...WEB],
  ["mailto:someone@example.com?subject=a", ...WEB],
  ["https://user@example.com/", ...NOTHING],
  ["https://user:secret@example.com/", ...NOTHING],
  ["https://:secret@example.com/", ...NOTHING],
  // Anything else.
  ["javascript:alert(1)", ...NOTHING],
  ["JavaScript:alert(1)", ...NOTHING],
  ["\tjavascript:alert(1)", ...NOTHING],
  ["data:text/html,<p>", ...OWN],
  ["about:blank", ...OWN],
  ["about:srcdoc", ...OWN],
  [`blob:${HOME}/0f6a`, ...OWN],
  [`blob:${ART}/0f6a`, ...OWN],
  ["blob:null/0f6a", ...OWN],
  [`filesystem:${HOME}/temporary/x`, ...NOTHING],
  [`view-source:${HOME}/`, ...NOTHING],
  ["file:///etc/passwd", ...NOTHING],
  ["file://localhost:26866/x", ...NOTHING],
  ["ftp://example.com/", ...NOTHING],
  ["ws://localhost:26866/", ...NOTHING],
  ["cowork://settings", ...NOTHING],
  ["chrome://gpu", ...NOTHING],
  ["devtools://devtools/bundled/x.html", ...NOTHING],
  ["ms-msdt:/id PCWDiagnostic", ...NOTHING],
  ["vscode://file/x", ...NOTHING],
  ["", ...NOTHING],
  ["/tasks", ...NOTHING],
  ["//evil.com/", ...NOTHING],
  ["http://", ...NOTHING],
];

const decisions = (kind: Kind, home: string | null, target: string): Decision[] =>
  Object.values(DECIDE).map((decide) => decide(kind, home, target));

describe("where a page may go: itself, a frame in it, and another window", () => {
  it.each(ROWS)("%j", (target, app, ofArtifact) => {
    expect({
      app: decisions("app", HOME, target),
      artifact: decisions("artifact", ART, target),
      status: decisions("status", "file:///app/status.html", target),
    }).toEqual({ app, artifact: ofArtifact, status: deny });
  });

  it.each(ROWS)("%j: nowhere while the server does not run", (target) => {
    for (const kind of KINDS) expect(decisions(kind, null, target), kind).toEqual(deny);
  });
});

describe("what may be opened outside", () => {
  it.each<[string, boolean]>([
    ["https://example.com/", true],
    ["HTTP://EXAMPLE.COM", true],
    ["http://[::1]:80/", true],
    ["mailto:someone@example.com", true],
    ["https://user@example.com/", false],
    ["https://user:secret@example.com/", false],
    ["file:///etc/passwd", false],
    ["file://host/share", false],
    ["javascript:alert(1)", false],
    ["data:text/html,x", false],
    [`blob:${HOME}/x`, false],
    ["cowork://settings", false],
    ["smb://host/share", false],
    ["tel:112", false],
    ["C:\\Windows\\System32\\calc.exe", false],
    ["/usr/bin/true", false],
    ["example.com", false],
    ["", false],
  ])("%j: %s", (target, want) => expect(isExternal(target)).toBe(want));
});

describe("an artifact's address", () => {
  it("is known whatever the server's host is called", () => {
    expect(isArtifact(new URL(ART), "http://127.0.0.1:26866")).toBe(true);
    expect(isArtifact(new URL(ART), "http://127.0.0.1:26867")).toBe(false);
  });
});

describe("what an artifact's window may ask for", () => {
  it.each<[string, boolean]>([
    [`${ART}/data.json`, true],
    [`${ART.toUpperCase()}/data.json`, true],
    [`blob:${ART}/1`, true],
    ["data:,x", true],
    ["about:blank", true],
    ["devtools://devtools/x", true],
    [`http://art-${OTHER_ID}.localhost:26866/`, false],
    [`http://art-${ID}.localhost:9999/`, false],
    [`http://art-${ID}.localhost.:26866/`, false],
    [`https://art-${ID}.localhost:26866/`, false],
    [`ws://art-${ID}.localhost:26866/`, false],
    [`${ART}@evil.com/`, false],
    [`${ART}.evil.com/`, false],
    [`${HOME}/api/v1/settings`, false],
    ["https://example.com/", false],
    ["file:///etc/passwd", false],
    ["", false],
  ])("%j: %s", (target, want) => expect(isOwnRequest(ART, target)).toBe(want));
});
