// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { WebContents, WebFrameMain } from "electron";
import { Gate, isTrusted, tell } from "../../../src/main/ipc";
import type { Home, Kind } from "../../../src/main/navigationPolicy";
import type { Status } from "../../../src/shared/channels";

type Handler = (event: unknown, ...told: unknown[]) => unknown;
const heard = vi.hoisted(() => new Map<string, Handler>());

vi.mock("electron", () => {
  const keep = (channel: string, handler: Handler) => void heard.set(channel, handler);
  return { ipcMain: { handle: keep, on: keep } };
});

const HOME = "http://localhost:26866";
const FILE = "file:///app/status.html";
const frameAt = (url: string, parent: unknown = null): WebFrameMain =>
  ({ url, origin: new URL(url).origin, parent }) as unknown as WebFrameMain;

beforeEach(() => heard.clear());

describe("which frame is trusted", () => {
  const app = { kind: "app" as Kind, home: HOME as Home };
  const status = { kind: "status" as Kind, home: FILE as Home };
  const top = frameAt(`${HOME}/`);

  it.each<[string, WebFrameMain | null, typeof app | undefined, boolean]>([
    ["our page", frameAt(`${HOME}/tasks/conv_1`), app, true],
    ["a frame in our page", frameAt(`${HOME}/`, top), app, false],
    ["our page elsewhere", frameAt("https://example.com/"), app, false],
    ["our page at another port", frameAt("http://localhost:9999/"), app, false],
    ["an artifact in our window", frameAt("http://art-1.localhost:26866/"), app, false],
    ["our page while the server does not run", top, { ...app, home: null }, false],
    ["a page of no window", top, undefined, false],
    ["a frame that is gone", null, app, false],
    ["the status page", frameAt(FILE), status, true],
    ["another file in its window", frameAt("file:///etc/passwd"), status, false],
    ["the status page with something behind it", frameAt(`${FILE}?x`), status, false],
    ["a frame in the status page", frameAt(FILE, top), status, false],
  ])("%s", (_, frame, page, want) => expect(isTrusted(frame, page)).toBe(want));
});

describe("the gate", () => {
  const STATUS: Status = { phase: "starting", title: "", words: "", tried: [], log: [] };
  const app = { name: "app" } as unknown as WebContents;
  const status = { name: "status" } as unknown as WebContents;
  const artifact = { name: "artifact" } as unknown as WebContents;
  const foreign = { name: "foreign" } as unknown as WebContents;
  const KNOWN = new Map<WebContents, { kind: Kind; home: Home }>([
    [app, { kind: "app", home: HOME }],
    [status, { kind: "status", home: FILE }],
    [artifact, { kind: "artifact", home: HOME }],
  ]);
  const gate = (): Gate => new Gate((contents) => KNOWN.get(contents));
  const ask = (channel: string, sender: WebContents, senderFrame: WebFrameMain | null, ...told: unknown[]) =>
    heard.get(channel)?.({ sender, senderFrame }, ...told);

  it("answers the page whose channel it is", () => {
    gate().answer("status:get", () => STATUS);
    expect(ask("status:get", status, frameAt(FILE))).toBe(STATUS);
  });

  it.each<[string, WebContents, WebFrameMain | null]>([
    ["our page", app, frameAt(HOME)],
    ["an artifact", artifact, frameAt(HOME)],
    ["a page that nobody knows", foreign, frameAt(FILE)],
    ["the status page elsewhere", status, frameAt(HOME)],
    ["a frame in it", status, frameAt(FILE, frameAt(FILE))],
    ["a frame that is gone", status, null],
  ])("refuses to answer %s", (_, sender, frame) => {
    const handler = vi.fn(() => STATUS);
    gate().answer("status:get", handler);
    expect(() => ask("status:get", sender, frame)).toThrow("may not ask");
    expect(handler).not.toHaveBeenCalled();
  });

  it("hears the page whose channel it is", () => {
    const handler = vi.fn();
    gate().hear("app:ready", handler);
    ask("app:ready", app, frameAt(`${HOME}/tasks`));
    expect(handler.mock.calls).toEqual([[app]]);
  });

  it.each<[string, WebContents, WebFrameMain | null]>([
    ["the status page", status, frameAt(FILE)],
    ["an artifact at our own address", artifact, frameAt(HOME)],
    ["a page that nobody knows", foreign, frameAt(HOME)],
    ["our page elsewhere", app, frameAt("https://example.com/")],
    ["a frame in our page", app, frameAt(HOME, frameAt(HOME))],
  ])("does not hear %s", (_, sender, frame) => {
    const handler = vi.fn();
    gate().hear("app:ready", handler);
    ask("app:ready", sender, frame);
    expect(handler).not.toHaveBeenCalled();
  });
});

describe("telling a page", () => {
  it.each([
    [false, [["app:show", "/tasks"]]],
    [true, []],
  ])("that is destroyed: %s", (isDestroyed, want) => {
    const send = vi.fn();
    tell({ isDestroyed: () => isDestroyed, send } as unknown as WebContents, "app:show", "/tasks");
    expect(send.mock.calls).toEqual(want);
  });
});
