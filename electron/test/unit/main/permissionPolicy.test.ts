// @vitest-environment node
import { describe, expect, it } from "vitest";
import { isPermitted, type Asker } from "../../../src/main/permissionPolicy";

const HOME = "http://localhost:26866";
const ART = "http://art-0123456789abcdefghjkmnpqrs.localhost:26866";

const APP: Asker = { kind: "app", home: HOME, origin: HOME };
const PERMITTED = ["clipboard-sanitized-write", "fullscreen"];

describe("what a page may have of the machine", () => {
  it.each(PERMITTED)("our page has %s", (permission) => {
    expect(isPermitted(permission, APP)).toBe(true);
    expect(isPermitted(permission, { ...APP, origin: `${HOME}/tasks?a#b` })).toBe(true);
  });

  it.each([
    "clipboard-read",
    "media",
    "display-capture",
    "geolocation",
    "notifications",
    "midi",
    "midiSysex",
    "pointerLock",
    "keyboardLock",
    "openExternal",
    "window-management",
    "idle-detection",
    "fileSystem",
    "hid",
    "serial",
    "usb",
    "storage-access",
    "top-level-storage-access",
    "speaker-selection",
    "mediaKeySystem",
    "unknown",
    "deprecated-sync-clipboard-read",
    "constructor",
    "",
  ])("nobody has %j", (permission) => {
    for (const kind of ["app", "artifact", "status"] as const) {
      expect(isPermitted(permission, { ...APP, kind }), kind).toBe(false);
    }
  });

  it.each<[string, Asker, boolean]>([
    ["an artifact in our page", { ...APP, origin: ART }, true],
    ["an artifact in its window", { kind: "artifact", home: ART, origin: ART }, true],
    ["another frame in an artifact's window", { kind: "artifact", home: ART, origin: HOME }, false],
    [
      "another artifact in an artifact's window",
      { kind: "artifact", home: ART, origin: ART.replace("art-0", "art-1") },
      false,
    ],
    ["another port", { ...APP, origin: "http://localhost:9999" }, false],
    ["another scheme", { ...APP, origin: "https://localhost:26866" }, false],
    ["the web", { ...APP, origin: "https://example.com" }, false],
    ["a look-alike", { ...APP, origin: "http://localhost:26866.evil.com" }, false],
    ["a page of no origin", { ...APP, origin: "null" }, false],
    ["a page without an address", { ...APP, origin: "" }, false],
    ["data", { ...APP, origin: "data:text/html,x" }, false],
    ["the status page", { kind: "status", home: "file:///s.html", origin: "file:///s.html" }, false],
    ["a page while the server does not run", { ...APP, home: null }, false],
  ])("%s", (_, asker, want) => {
    expect(isPermitted("clipboard-sanitized-write", asker)).toBe(want);
    // Over the whole screen an artifact could pass for something else.
    expect(isPermitted("fullscreen", asker)).toBe(want && asker.origin === HOME);
  });
});
