/** Sessions: what they hear of requests, permit, and store. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { until } from "../shell/waiting";
import { open, shell, site } from "./stage";

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
