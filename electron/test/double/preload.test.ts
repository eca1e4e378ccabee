/** Preloads, what goes between them and the main process, and what the double has not. */
import { expect, test } from "vitest";
import { until } from "../shell/waiting";
import { open, shell, site } from "./stage";

interface Bridge {
  port: string;
  nested: { list: [number, { two: number }] };
  double: (number: number) => number;
  fails: () => void;
  ask: (...values: unknown[]) => Promise<unknown>;
  say: (value: unknown) => void;
  onNews: (listener: (value: unknown) => void) => () => void;
  has: (name: string) => boolean | string;
  title: () => string;
}
declare const bridge: Bridge;

test("the preload's world is isolated, and what it exposes is frozen and of the page's world", async () => {
  const page = await open("/");
  const seen = await page.evaluate(() => ({
    port: bridge.port,
    nested: bridge.nested.list[1].two,
    frozen: Object.isFrozen(bridge) && Object.isFrozen(bridge.nested.list[1]),
    own: bridge.nested instanceof Object,
    leaked: ["leaked", "require", "process", "ipcRenderer"].filter((name) => name in window),
    title: bridge.title(),
  }));
  expect(seen).toEqual({ port: "--port=1", nested: 2, frozen: true, own: true, leaked: [], title: "first" });
});

test("the bridge carries results at once, errors, promises and listeners", async () => {
  const page = await open("/");
  await shell.evaluate(({ ipcMain }) => {
    ipcMain.handle("ask", (_event, first: unknown) => {
      if (first === "bad") throw new Error("not that");
      return { got: first };
    });
  });
  const seen = await page.evaluate(async () => {
    const message = (error: unknown): string => (error as Error).message;
    let thrown = "";
    try {
      bridge.fails();
    } catch (error) {
      thrown = message(error);
    }
    return {
      twice: bridge.double(21),
      thrown,
      got: await bridge.ask([1]),
      bad: await bridge.ask("bad").catch(message),
    };
  });
  const bad = "Error invoking remote method 'ask': Error: not that";
  expect(seen).toEqual({ twice: 42, thrown: "no", got: { got: [1] }, bad });
});

test("the main process's messages reach listeners until they are taken off, also after a reload", async () => {
  const page = await open("/");
  await page.reload();
  const news = (value: string): Promise<void> =>
    shell.evaluate(({ BrowserWindow }, given) => {
      BrowserWindow.getAllWindows()[0]?.webContents.send("news", given);
    }, value);
  await page.evaluate(() => {
    const global = globalThis as unknown as { heard: unknown[]; off: () => void };
    global.heard = [];
    global.off = bridge.onNews((value) => global.heard.push(value));
  });
  await news("one");
  const heard = (): Promise<unknown[]> =>
    page.evaluate(() => (globalThis as unknown as { heard: unknown[] }).heard);
  await expect.poll(heard).toEqual(["one"]);
  await page.evaluate(() => {
    (globalThis as unknown as { off: () => void }).off();
  });
  await news("two");
  await page.evaluate(() => bridge.ask().catch(() => undefined));
  expect(await heard()).toEqual(["one"]);
});

test("a handler knows who asks: the contents and its frame", async () => {
  const page = await open("/");
  await shell.evaluate(({ ipcMain, BrowserWindow }) => {
    ipcMain.handle("ask", ({ sender, senderFrame }) => ({
      window: BrowserWindow.fromWebContents(sender)?.id === BrowserWindow.getAllWindows()[0]?.id,
      main: senderFrame === sender.mainFrame,
      url: senderFrame?.url,
      origin: senderFrame?.origin,
      parent: senderFrame?.parent,
    }));
  });
  const seen = await page.evaluate(() => bridge.ask());
  const origin = site.url("");
  expect(seen).toEqual({ window: true, main: true, url: site.url("/"), origin, parent: null });
});

test("a preload may require electron alone, and frames within a page have none", async () => {
  const page = await open("/frames");
  expect(await page.evaluate(() => bridge.has("node:fs"))).toBe("module not found: node:fs");
  const inner = await until("the frame", () => page.frames().find((frame) => frame.url().endsWith("/inner")));
  expect(await inner.evaluate(() => "bridge" in globalThis)).toBe(false);
});

test.for([
  { nodeIntegration: true },
  { contextIsolation: false },
  { sandbox: false },
  { webSecurity: false },
  { webviewTag: true },
  { enableBlinkFeatures: "Anything" },
  { preload: "preload.cjs" },
])("a window with %o throws", async (webPreferences) => {
  const made = shell.evaluate(({ BrowserWindow }, given) => {
    new BrowserWindow({ webPreferences: given });
  }, webPreferences);
  await expect(made).rejects.toThrow(/Insecure|preload/);
});

test("what the double has not throws, and so does listening to what it never emits", async () => {
  await expect(shell.evaluate(({ net }) => net)).rejects.toThrow("has no electron.net");
  await expect(shell.evaluate(({ app }) => app.getGPUInfo("basic"))).rejects.toThrow("has no app.getGPUInfo");
  await expect(shell.evaluate(({ session }) => session.defaultSession.protocol)).rejects.toThrow(
    "session.protocol",
  );
  const listens = shell.evaluate(({ app }) => void app.on("new-window-for-tab", () => undefined));
  await expect(listens).rejects.toThrow('never emits "new-window-for-tab" on app');
});
