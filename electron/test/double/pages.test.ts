import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Shell } from "../shell/driver";
import { until } from "../shell/waiting";
import { makeFixture, serve, type Site } from "./fixture";

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

const fixture = makeFixture();
let shell: Shell;
let site: Site;

beforeAll(async () => {
  site = await serve({
    "/": "<!doctype html><title>first</title><h1>Hello</h1>",
    "/frames": `<!doctype html><iframe src="http://other.localhost:PORT/inner"></iframe>`,
    "/assets": `<!doctype html><link rel="stylesheet" href="/a.css"><script type="module" src="/b.js"></script>
      <link rel="modulepreload" href="/c.js">`,
    "/sandboxed": `<!doctype html><iframe sandbox="allow-scripts" src="/inner"></iframe>`,
    "/inner": `<!doctype html><script>fetch("/from-inner")</script>`,
    "/moved": (_request, response) => response.writeHead(302, { location: "/target" }).end(),
    "/file": (_request, response) =>
      response.setHeader("content-disposition", "attachment; filename=table.csv").end("a,b\n1,2\n"),
    "/events": (_request, response) => {
      response.setHeader("content-type", "text/event-stream");
      response.write("data: one\n\n");
      // The second comes once the page has told that it has the first.
      waitingForSecond = () => response.end("data: two\n\n");
    },
    "/has-one": (_request, response) => {
      response.end();
      waitingForSecond();
    },
  });
  shell = await fixture.start();
});

let waitingForSecond: () => void = () => undefined;

afterEach(async () => {
  await shell.evaluate(({ BrowserWindow, ipcMain, session, app }) => {
    for (const window of BrowserWindow.getAllWindows()) window.destroy();
    ipcMain.removeHandler("ask");
    app.removeAllListeners("web-contents-created");
    session.defaultSession.webRequest.onBeforeRequest(null);
    session.defaultSession.webRequest.onBeforeSendHeaders(null);
    session.defaultSession.removeAllListeners("will-download");
  });
  // Else the next test may take a page that is about to close for its own.
  await until("no window", () => (shell.windows().length === 0 ? true : undefined));
});

afterAll(async () => {
  await shell.close();
  site.close();
  fixture.remove();
});

/** A window on `url`, with the preload. */
async function open(path: string, preferences: Electron.WebPreferences = {}): Promise<Page> {
  const url = site.url(path);
  const webPreferences = { preload: fixture.preload, additionalArguments: ["--port=1"], ...preferences };
  await shell.evaluate(
    async ({ BrowserWindow }, given) => {
      const window = new BrowserWindow({ webPreferences: given.webPreferences });
      await window.loadURL(given.url);
    },
    { url, webPreferences },
  );
  return shell.waitForWindow((page) => page.url() === url);
}

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

test("a session's headers go out with every request, while events stream", async () => {
  await shell.evaluate(({ session }) => {
    session.defaultSession.webRequest.onBeforeSendHeaders(
      { urls: ["http://localhost/*"] },
      (details, callback) => {
        callback({ requestHeaders: { ...details.requestHeaders, Authorization: "Bearer token" } });
      },
    );
  });
  const page = await open("/");
  const events = await page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const heard: string[] = [];
        const source = new EventSource("/events");
        source.onmessage = ({ data }) => {
          heard.push(data as string);
          if (heard.length === 1) void fetch("/has-one");
          else {
            source.close();
            resolve(heard);
          }
        };
      }),
  );
  expect(events).toEqual(["one", "two"]);
  expect(site.headers("/events")).toMatchObject({
    authorization: "Bearer token",
    "sec-fetch-site": "same-origin",
  });
  expect(site.headers("/")).toMatchObject({ authorization: "Bearer token" });
});

test("a session's handlers see the requests of frames of other origins, and may cancel them", async () => {
  await shell.evaluate(({ session }) => {
    const seen = ((globalThis as unknown as { seen: unknown[] }).seen = []) as unknown[];
    session.defaultSession.webRequest.onBeforeRequest((details, callback) => {
      const { url, resourceType, frame, initiatorOrigin, webContentsId } = details;
      if (!url.endsWith("favicon.ico"))
        seen.push([new URL(url).pathname, resourceType, frame?.parent?.url, initiatorOrigin, webContentsId]);
      callback({ cancel: url.endsWith("/from-inner") });
    });
  });
  const before = site.asked.length;
  await open("/frames");
  const seen = await until("three requests", () =>
    shell.evaluate(() => {
      const { seen } = globalThis as unknown as { seen: unknown[] };
      return seen.length >= 3 ? seen : undefined;
    }),
  );
  const id = await shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.id);
  const origin = site.url("");
  expect(seen).toEqual([
    ["/frames", "mainFrame", null, null, id],
    ["/inner", "subFrame", site.url("/frames"), origin, id],
    ["/from-inner", "xhr", site.url("/frames"), site.url("", "other.localhost"), id],
  ]);
  expect(site.asked.slice(before)).toEqual(["/frames", "/inner"]);
});

test("pages may all where no handler is set, and what the handlers grant where they are", async () => {
  const states = (page: Page): Promise<string[]> =>
    page.evaluate(async () => {
      const names = [
        "geolocation",
        "notifications",
        "camera",
        "clipboard-read",
        "clipboard-write",
      ] as PermissionName[];
      const found = await Promise.all(names.map((name) => navigator.permissions.query({ name })));
      return found.map(({ name, state }) => `${name} ${state}`);
    });
  const page = await open("/");
  expect(new Set((await states(page)).map((state) => state.split(" ")[1]))).toEqual(new Set(["granted"]));
  await shell.evaluate(({ session }) => {
    session.defaultSession.setPermissionRequestHandler((_contents, permission, callback) => {
      callback(permission === "clipboard-sanitized-write" || permission === "notifications");
    });
    session.defaultSession.setPermissionCheckHandler(
      (_contents, permission) => permission !== "notifications",
    );
  });
  const next = await open("/next");
  const denied = ["geolocation denied", "notifications denied"];
  expect((await states(next)).slice(0, 2)).toEqual(denied);
  expect((await states(next)).at(-1)).toMatch(/granted$/);
  await shell.evaluate(({ session }) => {
    session.defaultSession.setPermissionRequestHandler(null);
    session.defaultSession.setPermissionCheckHandler(null);
  });
});

test("who asks is known from a document's first request on", async () => {
  await shell.evaluate(({ session }) => {
    const seen = ((globalThis as unknown as { seen: unknown[] }).seen = []) as unknown[];
    session.defaultSession.webRequest.onBeforeSendHeaders(({ url, initiatorOrigin, frame }, callback) => {
      if (/[.](css|js)$/.test(url)) seen.push(`${new URL(url).pathname} ${initiatorOrigin} ${frame?.url}`);
      callback({});
    });
  });
  await open("/assets");
  const seen = await shell.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  const asker = `${site.url("")} ${site.url("/assets")}`;
  expect(seen.sort()).toEqual(["/a.css", "/b.js", "/c.js"].map((path) => `${path} ${asker}`));
});

test("who leads elsewhere is known as soon as its page has come", async () => {
  const page = await open("/");
  await shell.evaluate(({ session }) => {
    const seen: unknown[] = [];
    session.defaultSession.webRequest.onBeforeSendHeaders(({ url, initiatorOrigin }, callback) => {
      if (url.endsWith("/target")) seen.push(initiatorOrigin);
      callback({});
    });
    Object.assign(globalThis, { seen });
  });
  const rounds = 15;
  for (let round = 0; round < rounds; round += 1) {
    const come = page.waitForEvent("framenavigated");
    const loaded = page.goto(site.url("/", "other.localhost")).catch(() => undefined);
    await come;
    await page.goto(site.url("/target"));
    await loaded;
  }
  const seen = await shell.evaluate(() => Reflect.get(globalThis, "seen") as unknown);
  expect(seen).toEqual(Array(rounds).fill(site.url("", "other.localhost")));
});

test("a frame in a sandbox has no origin", async () => {
  await open("/sandboxed");
  const origins = (): Promise<unknown> =>
    shell.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.mainFrame.frames.map(({ url, origin }) => [
        url.slice(-6),
        origin,
      ]),
    );
  await expect.poll(origins).toEqual([["/inner", "null"]]);
});

test("what a partition's pages have stored can be cleared, with a window on it and without", async () => {
  const clear = (): Promise<void> =>
    shell.evaluate(({ session }) => session.fromPartition("persist:cleared").clearStorageData());
  const closeAll = (): Promise<void> =>
    shell.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().forEach((window) => window.destroy()),
    );
  for (const withWindow of [true, false]) {
    const page = await open("/", { partition: "persist:cleared" });
    expect(await page.evaluate(() => localStorage.getItem("word"))).toBeNull();
    await page.evaluate(() => {
      localStorage.setItem("word", "stored");
    });
    if (!withWindow) await closeAll();
    await clear();
    await closeAll();
  }
  const page = await open("/", { partition: "persist:cleared" });
  expect(await page.evaluate(() => localStorage.getItem("word"))).toBeNull();
});

test("partitions keep their storage apart", async () => {
  const first = await open("/");
  await first.evaluate(() => {
    localStorage.setItem("word", "first");
  });
  const second = await open("/other", { partition: "persist:other" });
  expect(await second.evaluate(() => localStorage.getItem("word"))).toBeNull();
  const third = await open("/third");
  expect(await third.evaluate(() => localStorage.getItem("word"))).toBe("first");
});

/** Notes the navigations of the one window, as `name path`; those to `kept` are prevented. */
function watch(kept: string): Promise<void> {
  return shell.evaluate(({ app }, path) => {
    const heard = ((globalThis as unknown as { heard: string[] }).heard = []) as string[];
    app.on("web-contents-created", (_event, contents) => {
      contents.on("will-frame-navigate", ({ url, isMainFrame }) => {
        if (!isMainFrame) heard.push(`will-frame-navigate ${url}`);
      });
      contents.on("will-navigate", (event) => {
        heard.push(`will-navigate ${event.url}`);
        if (event.url.endsWith(path)) event.preventDefault();
      });
      contents.on("will-redirect", (event) => heard.push(`will-redirect ${event.url}`));
      contents.on("did-navigate", (_details, url) => heard.push(`did-navigate ${url}`));
      contents.on("did-navigate-in-page", (_details, url) => heard.push(`did-navigate-in-page ${url}`));
    });
  }, kept);
}
const heard = (): Promise<string[]> =>
  shell.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);

test("a page's own navigation is announced and can be prevented; the app's is not announced", async () => {
  await watch("/away");
  const page = await open("/");
  await page.evaluate(() => {
    location.href = "/away";
  });
  await expect.poll(heard).toEqual([`did-navigate ${site.url("/")}`, `will-navigate ${site.url("/away")}`]);
  await page.evaluate(() => {
    history.pushState({}, "", "/pushed");
  });
  await expect.poll(heard).toHaveLength(3);
  expect((await heard())[2]).toBe(`did-navigate-in-page ${site.url("/pushed")}`);
  expect(site.asked).not.toContain("/away");
  expect(await page.textContent("h1")).toBe("Hello");
  await page.evaluate(() => {
    location.href = "/moved";
  });
  await page.waitForURL(site.url("/target"));
  expect((await heard()).slice(3, 5)).toEqual([
    `will-navigate ${site.url("/moved")}`,
    `will-redirect ${site.url("/target")}`,
  ]);
});

test("frames' navigations and links to other programs are announced", async () => {
  await watch("");
  const page = await open("/frames");
  await expect.poll(heard).toContain(`will-frame-navigate ${site.url("/inner", "other.localhost")}`);
  await page.evaluate(() => {
    location.href = "mailto:someone@example.org";
  });
  await expect.poll(heard).toContain("will-navigate mailto:someone@example.org");
});

test("a popup that is denied asks for nothing", async () => {
  const page = await open("/");
  await shell.evaluate(({ BrowserWindow }) => {
    const asked = ((globalThis as unknown as { asked: string[] }).asked = []) as string[];
    BrowserWindow.getAllWindows()[0]?.webContents.setWindowOpenHandler(({ url }) => {
      asked.push(url);
      return { action: "deny" };
    });
  });
  await page.evaluate(() => {
    window.open("/popup");
    document.body.innerHTML = `<a href="/link" target="_blank" rel="noopener">link</a>`;
  });
  await page.click("a");
  const asked = (): Promise<string[]> =>
    shell.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
  await expect.poll(asked).toEqual([site.url("/popup"), site.url("/link")]);
  await expect.poll(() => shell.windows().length).toBe(1);
  expect(site.asked).not.toContain("/popup");
  expect(site.asked).not.toContain("/link");
});

test("a popup that is allowed is a window of the app's, with the handler's options", async () => {
  const page = await open("/");
  await shell.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.webContents.setWindowOpenHandler(() => ({
      action: "allow",
      overrideBrowserWindowOptions: { width: 400, height: 300, title: "small" },
    }));
  });
  await page.evaluate(() => {
    window.open("/allowed");
  });
  const popup = await shell.waitForWindow((other) => other.url() === site.url("/allowed"));
  expect(await popup.title()).toBe("empty");
  const windows = await shell.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => [window.getBounds().width, window.webContents.getURL()]),
  );
  expect(windows).toEqual([
    [800, site.url("/")],
    [400, site.url("/allowed")],
  ]);
});

test("titles go to the window unless a listener keeps its own", async () => {
  const page = await open("/");
  const title = (): Promise<string | undefined> =>
    shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getTitle());
  await expect.poll(title).toBe("first");
  await shell.evaluate(({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0];
    window?.on("page-title-updated", (event, given) => {
      event.preventDefault();
      window.setTitle(`${given} - kept`);
    });
  });
  await page.evaluate(() => {
    document.title = "second";
  });
  await expect.poll(title).toBe("second - kept");
});

test("a page that cannot be had fails, one whose process dies is gone and can be loaded again", async () => {
  const seen = await shell.evaluate(async ({ BrowserWindow }, url) => {
    const window = new BrowserWindow();
    const contents = window.webContents;
    const heard: unknown[] = [];
    contents.on("did-fail-load", (_event, code, text) => heard.push([code, text]));
    contents.on("render-process-gone", (_event, { reason }) => heard.push(reason));
    const refused = await window
      .loadURL("http://localhost:9/")
      .catch((error: unknown) => (error as Error).message);
    await window.loadURL(url);
    const gone = new Promise((resolve) => contents.once("render-process-gone", resolve));
    contents.forcefullyCrashRenderer();
    await gone;
    const again = new Promise<void>((resolve) => contents.once("did-finish-load", () => resolve()));
    contents.reload();
    await again;
    return { heard, refused, title: (await contents.executeJavaScript("document.title")) as string };
  }, site.url("/"));
  expect(seen).toEqual({
    heard: [[-312, "ERR_UNSAFE_PORT"], "crashed"],
    refused: "ERR_UNSAFE_PORT (-312) loading 'http://localhost:9/'",
    title: "first",
  });
});

test("downloads are offered to the session, which cancels them or says where they go", async () => {
  const path = `${fixture.userData}/saved.csv`;
  await shell.evaluate(({ session }, given) => {
    const global = globalThis as unknown as { done: unknown[] };
    global.done = [];
    session.defaultSession.on("will-download", (event, item) => {
      if (global.done.length > 0) {
        event.preventDefault();
        item.once("done", (_event, state) => global.done.push([state, item.hasUserGesture()]));
        return;
      }
      item.setSavePath(given);
      item.once("done", (_event, state) =>
        global.done.push([item.getFilename(), state, item.getReceivedBytes(), item.hasUserGesture()]),
      );
    });
  }, path);
  const page = await open("/");
  const done = (): Promise<unknown[]> =>
    shell.evaluate(() => (globalThis as unknown as { done: unknown[] }).done);
  await page.evaluate(() => {
    document.body.innerHTML = `<a href="/file">file</a>`;
  });
  await page.click("a");
  await expect.poll(done).toEqual([["table.csv", "completed", 8, true]]);
  // In a window in which the user has done nothing.
  await open("/next");
  await shell.evaluate(async ({ BrowserWindow }) => {
    await BrowserWindow.getAllWindows().at(-1)?.webContents.executeJavaScript("location.href = '/file'; 0");
  });
  await expect.poll(done).toHaveLength(2);
  expect((await done())[1]).toEqual(["cancelled", false]);
  await page.evaluate(() => {
    const link = Object.assign(document.createElement("a"), {
      href: "data:text/plain,hello",
      download: "hello.txt",
    });
    document.body.append(link);
    link.textContent = "hello";
  });
  await page.click("a[download]");
  await expect.poll(done).toHaveLength(3);
  expect((await done())[2]).toEqual(["cancelled", true]);
});
