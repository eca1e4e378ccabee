// @vitest-environment node
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { BrowserWindow } from "electron";
import { askToOpenExternal, openExternal } from "../../../src/main/external";

const electron = vi.hoisted(() => ({
  openExternal: vi.fn<(url: string) => Promise<void>>(),
  showMessageBox: vi.fn(),
  showErrorBox: vi.fn(),
}));

vi.mock("electron", () => ({
  shell: { openExternal: electron.openExternal },
  dialog: { showMessageBox: electron.showMessageBox, showErrorBox: electron.showErrorBox },
}));

const OPEN = 0;
const CANCEL = 1;
const FORBIDDEN = [
  "file:///etc/passwd",
  "javascript:alert(1)",
  "data:text/html,x",
  "cowork://settings",
  "smb://host/share",
  "https://user:secret@example.com/",
  "http://localhost:26866@evil.com/",
  "/usr/bin/true",
  "",
];

const aWindow = () => ({}) as unknown as BrowserWindow;
const opened = () => electron.openExternal.mock.calls.flat();
const answer = (response: number) => electron.showMessageBox.mockResolvedValue({ response });

beforeEach(() => {
  vi.resetAllMocks();
  electron.openExternal.mockResolvedValue(undefined);
});

describe("what is opened outside", () => {
  it.each([
    ["https://example.com", "https://example.com/"],
    ["HTTP://EXAMPLE.COM/A b", "http://example.com/A%20b"],
    ["https://exämple.com/", "https://xn--exmple-cua.com/"],
    ["mailto:someone@example.com", "mailto:someone@example.com"],
  ])("%j goes there as %j", async (url, href) => {
    await openExternal(url);
    expect(opened()).toEqual([href]);
  });

  it.each(FORBIDDEN)("%j goes nowhere", async (url) => {
    await openExternal(url);
    await askToOpenExternal(aWindow(), url);
    expect(opened()).toEqual([]);
    expect(electron.showMessageBox).not.toHaveBeenCalled();
  });
});

it("tells where nothing could open it", async () => {
  electron.openExternal.mockRejectedValue(new Error("There is no browser."));
  await openExternal("https://example.com");
  expect(electron.showErrorBox).toHaveBeenCalledExactlyOnceWith(expect.any(String), "https://example.com/");
});

describe("the question", () => {
  it("shows the address that is then opened", async () => {
    answer(OPEN);
    const window = aWindow();
    await askToOpenExternal(window, "https://exämple.com/?a=1");
    const { detail } = question();
    expect(electron.showMessageBox.mock.calls[0]?.[0]).toBe(window);
    expect(detail).toBe("https://xn--exmple-cua.com/?a=1");
    expect(opened()).toEqual([detail]);
  });

  it("opens nothing when it is cancelled, which is what a hasty press does", async () => {
    answer(CANCEL);
    await askToOpenExternal(aWindow(), "https://example.com/");
    expect(opened()).toEqual([]);
    const { buttons, defaultId, cancelId } = question();
    expect([buttons[defaultId], buttons[cancelId]]).toEqual(["Cancel", "Cancel"]);
  });

  it("shortens what is long, and opens all of it", async () => {
    answer(OPEN);
    const url = `https://example.com/?${"x".repeat(1_000)}`;
    await askToOpenExternal(aWindow(), url);
    expect(question().detail).toBe(`${url.slice(0, 300)}…`);
    expect(opened()).toEqual([url]);
  });

  it("is asked one at a time for each window", async () => {
    const answers: ((answer: { response: number }) => void)[] = [];
    electron.showMessageBox.mockImplementation(() => new Promise((resolve) => answers.push(resolve)));
    const [one, other] = [aWindow(), aWindow()];
    const asked = [
      askToOpenExternal(one, "https://a.example/"),
      askToOpenExternal(one, "https://b.example/"),
      askToOpenExternal(other, "https://c.example/"),
    ];
    expect(electron.showMessageBox).toHaveBeenCalledTimes(2);
    for (const resolve of answers) resolve({ response: OPEN });
    await Promise.all(asked);
    expect(opened()).toEqual(["https://a.example/", "https://c.example/"]);
  });

  it("is asked again when the last one was answered, or could not be", async () => {
    const window = aWindow();
    electron.showMessageBox.mockRejectedValueOnce(new Error("The window is gone."));
    await expect(askToOpenExternal(window, "https://a.example/")).rejects.toThrow("gone");
    answer(CANCEL);
    await askToOpenExternal(window, "https://b.example/");
    await askToOpenExternal(window, "https://c.example/");
    expect(electron.showMessageBox).toHaveBeenCalledTimes(3);
  });
});

interface Question {
  detail: string;
  buttons: string[];
  defaultId: number;
  cancelId: number;
}

const question = (): Question => electron.showMessageBox.mock.calls[0]?.[1] as Question;
