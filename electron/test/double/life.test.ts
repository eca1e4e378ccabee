import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../shell/waiting";
import { type Fixture, makeFixture, serve } from "./fixture";

let fixture: Fixture;

beforeEach(() => {
  fixture = makeFixture();
});
afterEach(() => {
  fixture.remove();
});

/** The processes whose command line names the fixture's folder: the shell's and its Chromium's. */
function processes(): string[] {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return ids.filter((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, "utf8").includes(fixture.userData);
    } catch {
      return false;
    }
  });
}
const onLinux = existsSync("/proc/self/cmdline");

test("a second instance ends, and the first is told of it", async () => {
  const first = await fixture.start(["app://one"]);
  const second = await fixture.start(["app://two"]);
  expect(await second.exited).toEqual({ code: 0, signal: null });
  await until("the word", () => (first.output().includes("told") ? true : undefined));
  expect(first.output()).toContain(`told --user-data-dir=${fixture.userData} second`);
  await first.close();
});

test("the lock is free after a first instance was killed", async () => {
  const first = await fixture.start();
  await first.kill();
  expect(await first.exited).toEqual({ code: null, signal: "SIGKILL" });
  const next = await fixture.start();
  expect(await next.evaluate(({ app }) => app.hasSingleInstanceLock())).toBe(true);
  await next.close();
});

test.runIf(onLinux)("a killed shell leaves no Chromium, and neither does one that ends", async () => {
  const site = await serve({});
  const open = async (): Promise<Awaited<ReturnType<Fixture["start"]>>> => {
    const shell = await fixture.start();
    await shell.evaluate(({ BrowserWindow }, url) => new BrowserWindow().loadURL(url), site.url("/"));
    expect(processes().length).toBeGreaterThan(2);
    return shell;
  };
  const first = await open();
  // Not by the driver's own means, which could clean up.
  first.process().kill("SIGKILL");
  await until("the end of all", () => (processes().length === 0 ? true : undefined));
  const second = await open();
  await second.close();
  await until("the end of all", () => (processes().length === 0 ? true : undefined));
  site.close();
});

test("a quit asks the app, closes the windows, asks again and ends", async () => {
  const shell = await fixture.start();
  await shell.evaluate(({ BrowserWindow }) => {
    const window = new BrowserWindow();
    for (const event of ["close", "closed"] as const)
      window.on(event as "closed", () => process.stdout.write(`${event}\n`));
  });
  await shell.close();
  expect(shell.output().split("\n").slice(0, -1)).toEqual([
    "ready",
    "before-quit",
    "close",
    "closed",
    "will-quit",
    "quit",
  ]);
  expect(await shell.exited).toEqual({ code: 0, signal: null });
});

test.each(["before-quit", "will-quit"] as const)(
  "a quit is put off once by a listener of %s",
  async (name) => {
    const shell = await fixture.start();
    await shell.evaluate(({ app }, event) => {
      app.once(event as "before-quit", (asked) => asked.preventDefault());
      app.quit();
    }, name);
    expect(await shell.evaluate(({ app }) => app.isReady())).toBe(true);
    await shell.close();
    const heard = shell.output().split("\n").slice(1, -1);
    const put = name === "before-quit" ? ["before-quit"] : ["before-quit", "will-quit"];
    expect(heard).toEqual([...put, "before-quit", "will-quit", "quit"]);
  },
);

test("a window that will not close ends the quit, and closing the last one leaves it to the app", async () => {
  const shell = await fixture.start();
  await shell.evaluate(({ app, BrowserWindow }) => {
    const window = new BrowserWindow();
    window.once("close", (event) => event.preventDefault());
    app.quit();
  });
  expect(await shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  await shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
  await until("the event", () => (shell.output().includes("window-all-closed") ? true : undefined));
  expect(shell.output()).not.toContain("will-quit");
  await shell.close();
});

test("without a listener the last window's end is the app's; SIGTERM asks it to quit", async () => {
  const shell = await fixture.start();
  await shell.evaluate(({ app, BrowserWindow }) => {
    app.removeAllListeners("window-all-closed");
    new BrowserWindow().close();
  });
  expect(await shell.exited).toEqual({ code: 0, signal: null });
  const next = await fixture.start();
  next.process().kill("SIGTERM");
  expect(await next.exited).toEqual({ code: 0, signal: null });
  expect(next.output()).toContain("will-quit");
});

test("exit ends the app with its code and asks nobody", async () => {
  const shell = await fixture.start();
  await shell.evaluate(({ app, BrowserWindow }) => {
    new BrowserWindow().on("close", () => process.stdout.write("close\n"));
    setImmediate(() => app.exit(3));
  });
  expect(await shell.exited).toEqual({ code: 3, signal: null });
  expect(shell.output()).toBe("ready\nquit\n");
});

test("what pages of the default session store outlives the app", async () => {
  const site = await serve({});
  const visit = async (run: string): Promise<unknown> => {
    const shell = await fixture.start();
    const found = await shell.evaluate(
      async ({ BrowserWindow }, { url, code }) => {
        const window = new BrowserWindow();
        await window.loadURL(url);
        return (await window.webContents.executeJavaScript(code)) as unknown;
      },
      { url: site.url("/"), code: run },
    );
    await shell.close();
    return found;
  };
  await visit("localStorage.setItem('word', 'kept')");
  expect(await visit("localStorage.getItem('word')")).toBe("kept");
  site.close();
});

test("windows, menus and trays behave for specs as on a desktop", async () => {
  const shell = await fixture.start();
  const seen = await shell.evaluate(({ BrowserWindow, Menu, Tray, Notification, app, shell: desktop }) => {
    const message = (run: () => unknown): string => {
      try {
        run();
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    const window = new BrowserWindow({ show: false });
    const heard: string[] = [];
    for (const event of ["show", "focus", "maximize", "unmaximize", "minimize", "restore", "blur", "hide"])
      window.on(event as "show", () => heard.push(event));
    window.show();
    window.maximize();
    window.unmaximize();
    window.minimize();
    window.restore();
    window.hide();
    let clicked = 0;
    const menu = Menu.buildFromTemplate([
      { label: "File", submenu: [{ id: "new", label: "New", click: () => clicked++ }] },
    ]);
    menu.getMenuItemById("new")?.click();
    new Notification({ title: "Done" }).show();
    void desktop.openExternal("https://example.org/");
    return {
      heard,
      clicked,
      badItem: message(() => Menu.buildFromTemplate([{}])),
      badRole: message(() => Menu.buildFromTemplate([{ role: "nothing" as "quit" }])),
      badIcon: message(() => new Tray("nowhere.png")),
      badPath: message(() => app.getPath("nowhere" as "home")),
    };
  });
  expect(seen).toMatchObject({
    heard: [
      "show",
      "focus",
      "maximize",
      "unmaximize",
      "minimize",
      "blur",
      "restore",
      "focus",
      "blur",
      "hide",
    ],
    clicked: 1,
    badItem: "Invalid template for MenuItem: must have at least one of label, role or type",
    badRole: "Unknown role: nothing",
    badIcon: "Failed to load image from path 'nowhere.png'",
    badPath: "Failed to get 'nowhere' path",
  });
  const recorded = await shell.evaluate((electron) => {
    const { calls, notifications } = (
      electron as unknown as { __double: { calls: unknown; notifications: { title: string }[] } }
    ).__double;
    return { calls, titles: notifications.map(({ title }) => title) };
  });
  expect(recorded).toEqual({ calls: [["shell.openExternal", "https://example.org/"]], titles: ["Done"] });
  await shell.close();
});
