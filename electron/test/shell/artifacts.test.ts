/** Windows of artifacts: one each, and nothing of the user's for a page that wants it. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { logOf, makeArtifact, startApp, tokenOf, windowsOf, type App } from "./app";
import { until } from "./waiting";

const BOARD =
  "<!doctype html><title>Free money</title><h1>Board</h1><script>localStorage.visits = 1 + Number(localStorage.visits ?? 0)</script>";

const originOf = (id: string): string => `http://${id.replace("_", "-")}.localhost:`;

async function openArtifact(app: App, id: string): Promise<Page> {
  const opened = await app.call("POST", "/artifacts/open", { artifact_id: id });
  expect(opened).toEqual({ status: 200, body: { opened: true, target: "shell" } });
  return app.shell.waitForWindow((page) => page.url().startsWith(originOf(id)));
}

const artifactWindows = async (app: App): Promise<number> =>
  (await windowsOf(app.shell)).filter(({ url }) => url.startsWith("http://art-")).length;

interface Recorded {
  /** What the user was asked. */
  asked: string[];
  /** What other programs were to open. */
  opened: string[];
}

/** From now on every question is answered with no, and nothing is opened. */
const record = (app: App): Promise<void> =>
  app.shell.evaluate(({ dialog, shell }) => {
    const kept: Recorded = { asked: [], opened: [] };
    Object.assign(globalThis, { kept });
    dialog.showMessageBox = ((_window: unknown, { detail }: { detail: string }) => {
      kept.asked.push(detail);
      return Promise.resolve({ response: 1, checkboxChecked: false });
    }) as never;
    shell.openExternal = (url) => {
      kept.opened.push(url);
      return Promise.resolve();
    };
  });

const recorded = (app: App): Promise<Recorded> =>
  app.shell.evaluate(() => Reflect.get(globalThis, "kept") as Recorded);

test("a script opens one window for one artifact, and the second call brings it to the front", async () => {
  const app = await startApp();
  await app.window();
  const id = await makeArtifact(app, BOARD);
  const page = await openArtifact(app, id);
  await page.getByRole("heading", { name: "Board" }).waitFor();
  await app.shell.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()
      .find((window) => window.webContents.getURL().startsWith("http://localhost"))
      ?.focus(),
  );
  await openArtifact(app, id);
  const windows = await windowsOf(app.shell);
  expect(windows.filter(({ isFocused }) => isFocused).map(({ url }) => url.startsWith(originOf(id)))).toEqual(
    [true],
  );
  expect(await artifactWindows(app)).toBe(1);
  // It cannot pass for something else.
  const title = await app.shell.evaluate(({ BrowserWindow }) => BrowserWindow.getFocusedWindow()?.getTitle());
  expect(title).toBe("A board");
});

test("what it stores is its own, and goes with it", async () => {
  const app = await startApp();
  await app.window();
  const id = await makeArtifact(app, BOARD);
  const page = await openArtifact(app, id);
  await page.reload();
  expect(await page.evaluate(() => localStorage.visits as string)).toBe("2");
  await app.call("DELETE", `/artifacts/${id}`);
  await until("the end of its window", async () => ((await artifactWindows(app)) === 0 ? true : undefined));
});

test("a page that wants out, and more than is its own, gets nothing", async () => {
  const app = await startApp();
  const own = await app.window();
  const api = new URL(own.url()).origin;
  const token = await tokenOf(app.shell);
  const id = await makeArtifact(app, BOARD);
  const page = await openArtifact(app, id);
  await record(app);
  const home = page.url();

  const reached = await page.evaluate(async (server) => {
    const tried = async (request: () => Promise<Response>): Promise<string> =>
      request().then(
        (answer) => `${answer.type} ${answer.status}`,
        () => "refused",
      );
    return [
      await tried(() => fetch(`${server}/api/v1/settings`)),
      await tried(() =>
        fetch(`${server}/api/v1/conversations`, { method: "POST", mode: "no-cors", body: "{}" }),
      ),
      await tried(() => fetch("/api/v1/settings")),
      await tried(() => fetch("https://example.com/?stolen", { mode: "no-cors" })),
    ];
  }, api);
  expect(reached).toEqual(["refused", "refused", expect.stringMatching(/^basic 4\d\d$/), "refused"]);

  const bridge = await page.evaluate(() => [typeof window.cowork, typeof Reflect.get(window, "require")]);
  expect(bridge).toEqual(["undefined", "undefined"]);

  const permissions = await page.evaluate(async () => {
    const names = [
      "geolocation",
      "notifications",
      "camera",
      "microphone",
      "clipboard-read",
    ] as PermissionName[];
    return Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state));
  });
  expect(permissions).toEqual(["denied", "denied", "denied", "denied", "denied"]);
  const taken = await page.evaluate(() =>
    Promise.all([
      navigator.mediaDevices.getUserMedia({ audio: true }).then(
        () => "given",
        () => "refused",
      ),
      new Promise((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve("given"),
          () => resolve("refused"),
        ),
      ),
    ]),
  );
  expect(taken).toEqual(["refused", "refused"]);

  const attempts = [
    (url: string) => void (location.href = url),
    (url: string) => void window.open(url),
    (url: string) => document.body.append(Object.assign(document.createElement("iframe"), { src: url })),
  ];
  for (const attempt of attempts) {
    for (const target of [
      `${api}/tasks`,
      `${api}/api/v1/settings`,
      "https://example.com/?stolen",
      "file:///etc/passwd",
      "cowork://settings",
      "javascript:1",
    ]) {
      await page.evaluate(attempt, target).catch(() => undefined);
    }
  }
  await page.waitForTimeout(500);
  await expect.poll(() => page.url()).toBe(home);
  expect(await windowsOf(app.shell)).toHaveLength(2);
  for (const frame of page.frames().slice(1)) expect(frame.url()).not.toMatch(/^(http|file)/);
  const { asked, opened } = await recorded(app);
  // Only what the user would see in full, and only after a question, which said no.
  expect(opened).toEqual([]);
  expect(new Set(asked)).toEqual(
    new Set([`${api}/tasks`, `${api}/api/v1/settings`, "https://example.com/?stolen"]),
  );
  expect(await page.content()).not.toContain(token);
});

test("a page that got away is brought back, and not for ever", async () => {
  const app = await startApp();
  await app.window();
  const id = await makeArtifact(app, BOARD);
  const page = await openArtifact(app, id);
  const home = page.url();
  const lead = (): Promise<void> =>
    app.shell.evaluate(({ BrowserWindow }) => {
      const window = BrowserWindow.getAllWindows().find((one) => one.getTitle() === "A board");
      window?.loadURL("https://example.com/").catch(() => undefined);
    });
  const isHome = (): Promise<boolean> =>
    app.shell.evaluate(({ BrowserWindow }, address) => {
      const window = BrowserWindow.getAllWindows().find((one) => one.getTitle() === "A board");
      return window?.webContents.getURL() === address && !window.webContents.isLoading();
    }, home);
  const refused = (): number => logOf(app).match(/ERR_BLOCKED_BY_CLIENT/g)?.length ?? 0;
  for (let times = 1; times <= 3; times += 1) {
    await lead();
    await expect.poll(refused).toBe(times);
    await expect.poll(isHome).toBe(true);
  }
  await lead();
  await expect.poll(refused).toBe(4);
  await expect.poll(() => page.url()).toMatch(/^chrome-error:/);
});

test("in the app's own window an artifact's frame gets nothing of the app's", async () => {
  const app = await startApp();
  const page = await app.window();
  const id = await makeArtifact(app, BOARD);
  const api = new URL(page.url()).origin;
  await page.goto(`${api}/artifacts/${id}`);
  const frame = await until("the frame", () =>
    page.frames().find((one) => one.url().startsWith(originOf(id))),
  );
  const reached = await frame.evaluate(
    (server) =>
      Promise.all([
        fetch(`${server}/api/v1/settings`).then(
          () => "given",
          () => "refused",
        ),
        Promise.resolve(typeof window.cowork),
        Promise.resolve(window.open(`${server}/api/v1/settings`) === null ? "refused" : "given"),
      ]),
    api,
  );
  expect(reached).toEqual(["refused", "undefined", "refused"]);
  await frame
    .evaluate((server) => window.top?.location.assign(`${server}/settings`), api)
    .catch(() => undefined);
  await page.waitForTimeout(300);
  expect(new URL(page.url()).pathname).toBe(`/artifacts/${id}`);
});

test("the app's page leads outside through the browser alone", async () => {
  const app = await startApp();
  const page = await app.window();
  await record(app);
  const home = page.url();
  await page.evaluate(() => {
    window.open("https://example.com/help");
    window.open("mailto:someone@example.com");
    window.open("file:///etc/passwd");
    window.open("smb://example.com/share");
    window.open("https://user:password@example.com/");
    location.href = "https://example.com/away";
  });
  await until("the browser", async () => ((await recorded(app)).opened.length >= 3 ? true : undefined));
  await page.waitForTimeout(200);
  const { opened } = await recorded(app);
  expect(opened).toEqual([
    "https://example.com/help",
    "mailto:someone@example.com",
    "https://example.com/away",
  ]);
  expect(page.url()).toBe(home);
});
