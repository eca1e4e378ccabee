// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { Session } from "electron";
import { authorize, isAstray, isOurs, type Asked } from "../../../src/main/authorization";
import type { Running } from "../../../src/main/server";

const SERVER = "http://localhost:26866";
const ASKED: Asked = {
  url: `${SERVER}/api/v1/settings`,
  resourceType: "xhr",
  initiatorOrigin: SERVER,
  isOfApp: true,
};

describe("whose requests show the token", () => {
  it.each<[string, Partial<Asked>, boolean]>([
    ["our page's", {}, true],
    ["an image in our page", { resourceType: "image" }, true],
    [
      "the shell's own, which opens the page",
      { initiatorOrigin: undefined, resourceType: "mainFrame" },
      true,
    ],
    ["a frame that nobody asked for", { initiatorOrigin: undefined, resourceType: "subFrame" }, false],
    ["a call that nobody made", { initiatorOrigin: undefined }, false],
    ["an artifact's in our page", { initiatorOrigin: "http://art-1.localhost:26866" }, false],
    ["a sandboxed frame's", { initiatorOrigin: "null" }, false],
    ["the web's", { initiatorOrigin: "https://example.com", resourceType: "mainFrame" }, false],
    ["a download's of our page, whose window is not told", { isOfApp: false, resourceType: "other" }, true],
    [
      "a window's that is not ours, which opens the page",
      { isOfApp: false, initiatorOrigin: undefined, resourceType: "mainFrame" },
      false,
    ],
    ["ours to another port", { url: "http://localhost:9999/" }, false],
    ["ours to another scheme", { url: "https://localhost:26866/" }, false],
    ["ours to another host", { url: "http://127.0.0.1:26866/" }, false],
    ["ours to an artifact", { url: "http://art-1.localhost:26866/" }, false],
    ["ours to a look-alike", { url: "http://localhost:26866@evil.com/" }, false],
    ["ours to a longer host", { url: "http://localhost:26866.evil.com/" }, false],
    ["ours to a socket", { url: "ws://localhost:26866/" }, false],
    ["ours to nowhere", { url: "" }, false],
  ])("%s", (_, asked, want) => expect(isOurs({ ...ASKED, ...asked }, SERVER)).toBe(want));
});

describe("a window that is to show something else", () => {
  const page: Asked = { ...ASKED, url: `${SERVER}/tasks`, resourceType: "mainFrame" };

  it.each<[string, Partial<Asked>, string | null, boolean]>([
    ["goes to the server's page", {}, SERVER, false],
    ["is stopped where the server was", { url: "http://localhost:9999/tasks" }, SERVER, true],
    ["is stopped while there is none", {}, null, true],
    [
      "is no matter of ours where it is not ours",
      { url: "https://example.com/", isOfApp: false },
      SERVER,
      false,
    ],
    [
      "may have frames of artifacts",
      { url: "http://art-1.localhost:26866/", resourceType: "subFrame" },
      SERVER,
      false,
    ],
  ])("%s", (_, asked, server, want) => expect(isAstray({ ...page, ...asked }, server)).toBe(want));
});

describe("the header", () => {
  type Hear = (details: unknown, respond: (answer: { requestHeaders: object }) => void) => void;

  /** The headers that go out. */
  function sent(running: Running | null, details: object): object | undefined {
    let hear: Hear | undefined;
    let headers: object | undefined;
    const session = { webRequest: { onBeforeSendHeaders: (heard: Hear) => (hear = heard) } };
    authorize(
      session as unknown as Session,
      () => running,
      (id) => id === 7,
    );
    hear?.(details, ({ requestHeaders }) => (headers = requestHeaders));
    return headers;
  }

  const running = { url: SERVER, token: "secret" };
  const details = { ...ASKED, webContentsId: 7, requestHeaders: { Accept: "*/*" } };

  it("is added to those there are", () => {
    expect(sent(running, details)).toEqual({ Accept: "*/*", Authorization: "Bearer secret" });
    expect(details.requestHeaders).toEqual({ Accept: "*/*" });
  });

  it.each<[string, Running | null, object]>([
    ["while the server does not run", null, details],
    ["for another window", running, { ...details, webContentsId: 8, initiatorOrigin: "https://example.com" }],
    [
      "for no window and nobody's page",
      running,
      { ...details, webContentsId: undefined, initiatorOrigin: undefined },
    ],
    ["for another server", running, { ...details, url: "https://example.com/" }],
  ])("is not there %s, and the request goes out", (_, server, asked) => {
    expect(sent(server, asked)).toEqual({ Accept: "*/*" });
  });
});
