/** A server that ends: the app goes on, and where it cannot, says why. */
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { isAlive, makeArtifact, newPlace, serverPid, startApp, windowsOf, type App } from "./app";
import { launch } from "./driver";
import { until } from "./waiting";

async function killServer(app: App): Promise<number> {
  const pid = await until("the server", () => serverPid(app) ?? undefined);
  process.kill(pid, "SIGKILL");
  await until("its end", () => (isAlive(pid) ? undefined : true));
  return pid;
}

const nextServer = (app: App, before: number): Promise<number> =>
  until("the next server", () => {
    const pid = serverPid(app);
    return pid !== null && pid !== before && isAlive(pid) ? pid : undefined;
  });

async function killThrice(app: App): Promise<void> {
  let before = await killServer(app);
  for (let crashes = 1; crashes < 3; crashes += 1) {
    await nextServer(app, before);
    before = await killServer(app);
  }
}

/** The paths of the windows that are seen. */
const visible = async (app: App): Promise<string[]> =>
  (await windowsOf(app.shell)).filter(({ isVisible }) => isVisible).map(({ url }) => new URL(url).pathname);

const diagnosis = async (app: App): Promise<Page> => {
  const page = await app.shell.waitForWindow((one) => one.url().endsWith("/status.html"));
  await page.getByRole("button", { name: "Copy the diagnosis" }).waitFor();
  return page;
};

test("a server that is killed is started again, and the page goes on as it was", async () => {
  const app = await startApp();
  const page = await app.window();
  const origin = new URL(page.url()).origin;
  await page.getByRole("textbox", { name: "What is to be done" }).fill("half a thought");
  await page.evaluate(() => Object.assign(globalThis, { isTheSame: true }));
  await app.shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.blur());
  const before = await killServer(app);
  await nextServer(app, before);
  await until("the API", async () =>
    (await page.evaluate(() =>
      fetch("/api/v1/settings").then(
        ({ status }) => status,
        () => 0,
      ),
    )) === 200
      ? true
      : undefined,
  );
  expect(new URL(page.url()).origin).toBe(origin);
  // Nobody is disturbed.
  expect(await windowsOf(app.shell)).toMatchObject([{ isVisible: true, isFocused: false }]);
  expect(await page.evaluate(() => Reflect.get(globalThis, "isTheSame") as unknown)).toBe(true);
  expect(await page.getByRole("textbox", { name: "What is to be done" }).inputValue()).toBe("half a thought");
  await page.getByRole("textbox", { name: "What is to be done" }).fill("hello");
  await page.keyboard.press("Enter");
  await page.getByText("word", { exact: true }).waitFor();
});

test("after three crashes there is a diagnosis in the window's stead, and trying again helps", async () => {
  const app = await startApp();
  const id = (await app.call<{ id: string }>("POST", "/conversations", { title: "Kept" })).body.id;
  const own = await app.window();
  await own.goto(`${new URL(own.url()).origin}/tasks/${id}`);
  await own.getByRole("textbox", { name: "Message" }).fill("half a thought");
  await killThrice(app);
  const page = await diagnosis(app);
  expect(await page.title()).toBe("Cowork could not be started");
  await expect.poll(() => visible(app)).toEqual([expect.stringMatching(/status\.html$/)]);
  // Whatever asks for a window is led here.
  for (const item of ["window.new", "task.new"]) {
    await app.shell.evaluate(
      ({ Menu }, wanted) => void Menu.getApplicationMenu()?.getMenuItemById(wanted)?.click(),
      item,
    );
  }
  await app.shell.evaluate(({ app: electron }) => electron.emit("activate"));
  expect(await windowsOf(app.shell)).toHaveLength(2);
  expect(await page.getByRole("listitem").allTextContents()).toContain("It was ended by SIGKILL.");
  await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe("Try again");

  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { violations: found } = await (Reflect.get(globalThis, "axe") as typeof axe).run();
    return found.map(({ id }) => id);
  });
  expect(violations).toEqual([]);

  await app.shell.evaluate(({ clipboard }) => {
    const write = clipboard.writeText.bind(clipboard);
    clipboard.writeText = () => {
      clipboard.writeText = write;
      return Promise.reject(new Error("Another program has it."));
    };
  });
  await page.getByRole("button", { name: "Copy the diagnosis" }).click();
  await page.getByText("It could not be copied.").waitFor();
  await page.getByRole("button", { name: "Copy the diagnosis" }).click();
  await page.getByText("Copied.").waitFor();
  const copied = await app.shell.evaluate(({ clipboard }) => clipboard.readText());
  expect(copied).toContain("What was tried:");
  expect(copied).toContain("It was ended by SIGKILL.");
  expect(copied).toMatch(/Cowork \d+\.\d+\.\d+, linux|darwin|win32/);

  await app.shell.evaluate(({ shell }) => {
    shell.openPath = (path) => {
      Object.assign(globalThis, { openedPath: path });
      return Promise.resolve("");
    };
  });
  await page.getByRole("button", { name: "Open the logs" }).click();
  const logs = await until("the logs", () =>
    app.shell.evaluate(() => Reflect.get(globalThis, "openedPath") as string | undefined),
  );
  expect(existsSync(join(logs, "shell.log"))).toBe(true);

  const other = (
    await launch({ userData: app.userData, env: { HOME: app.home }, args: ["cowork://schedules"] })
  ).exited;
  expect((await other).code).toBe(0);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => visible(app)).toEqual(["/schedules"]);
  await own.goBack();
  expect(await own.getByRole("textbox", { name: "Message" }).inputValue()).toBe("half a thought");
});

test("windows that wait behind the diagnosis come back, also when trying again fails first", async () => {
  const place = await newPlace();
  const app = await startApp({ place });
  const id = await makeArtifact(app, "<!doctype html><h1>Board</h1>");
  await app.call("POST", "/artifacts/open", { artifact_id: id });
  await app.shell.waitForWindow((one) => one.url().startsWith("http://art-"));
  const before = (await visible(app)).sort();
  expect(before).toHaveLength(2);
  await killThrice(app);
  const page = await diagnosis(app);
  await expect.poll(() => visible(app)).toEqual([expect.stringMatching(/status\.html$/)]);
  const other = await startApp({ place: { ...place, userData: join(place.home, "other") } });
  await other.window();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect.poll(() => page.title()).toBe("Another Cowork works with your data");
  await other.shell.close();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect.poll(async () => (await visible(app)).sort()).toEqual(before);
});

test("a data folder that another server works in is told at once, and the other is left alone", async () => {
  const place = await newPlace();
  const first = await startApp({ place });
  await first.window();
  const pid = serverPid(place);
  const second = await startApp({ place: { ...place, userData: join(place.home, "other") } });
  const page = await diagnosis(second);
  expect(await page.title()).toBe("Another Cowork works with your data");
  expect(await page.locator("#words").textContent()).toContain(`process ${pid}`);
  expect(isAlive(pid ?? 0)).toBe(true);
  await first.shell.close();
  await page.getByRole("button", { name: "Try again" }).click();
  await second.window();
});

test("a server of another version is refused, and ended", async () => {
  const place = await newPlace();
  const program = join(place.home, "server");
  const ready = { event: "ready", url: "http://localhost:1", port: 1, pid: 1, version: "9.9.9" };
  writeFileSync(
    program,
    `#!/bin/sh\necho $$ > ${join(place.home, "pid")}\necho '${JSON.stringify(ready)}'\nexec cat > /dev/null\n`,
  );
  chmodSync(program, 0o755);
  const app = await startApp({ place, env: { COWORK_SERVER: program } });
  const page = await diagnosis(app);
  expect(await page.title()).toBe("Two versions of Cowork got mixed");
  expect(await page.locator("#words").textContent()).toContain("its server is 9.9.9");
});

test("a server that cannot be found is told of", async () => {
  const app = await startApp({ env: { COWORK_SERVER: "/nowhere/cowork-server" } });
  const page = await diagnosis(app);
  expect(await page.title()).toBe("A part of Cowork is missing");
  await page.getByRole("button", { name: "Quit" }).click();
  expect((await app.shell.exited).code).toBe(0);
});

test("a page that crashes is loaded again", async () => {
  const app = await startApp();
  const page = await app.window();
  const crashed = page.waitForEvent("crash");
  void page.goto("chrome://crash").catch(() => undefined);
  // What has crashed is lost to the driver for good, so Electron is asked.
  await crashed;
  await until("the page", () =>
    app.shell.evaluate(async ({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents;
      const look = "document.querySelector('textarea') !== null || undefined";
      return contents?.executeJavaScript(look).catch(() => undefined) as Promise<true | undefined>;
    }),
  );
});
