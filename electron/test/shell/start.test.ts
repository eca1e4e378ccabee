/** Starting the app: a window that is of use, one app a user, links, and what is remembered. */
import { expect, test } from "vitest";
import { newPlace, serverPid, startApp, windowsOf, type App } from "./app";
import { launch } from "./driver";
import { until } from "./waiting";

const newTask = async (app: App): Promise<string> =>
  (await app.call<{ id: string }>("POST", "/conversations", { title: "Quarterly figures" })).body.id;

const shows = async (app: App, path: string): Promise<void> => {
  await app.shell.waitForWindow((page) => new URL(page.url()).pathname === path);
};

test("a cold start ends in a window in which a task is done", async () => {
  const app = await startApp();
  const page = await app.window();
  await page.getByRole("textbox", { name: "What is to be done" }).fill("hello");
  await page.keyboard.press("Enter");
  await page.getByText("word", { exact: true }).waitFor();
  expect(await page.evaluate(() => window.cowork?.version)).toBe("0.1.0");
  expect(await windowsOf(app.shell)).toMatchObject([{ isVisible: true }]);
});

test("the page has the API, and never the token", async () => {
  const app = await startApp();
  const page = await app.window();
  const seen = await page.evaluate(async () => {
    const answer = await fetch("/api/v1/settings");
    const request = new Request("/api/v1/settings");
    return {
      status: answer.status,
      bearer: request.headers.get("authorization"),
      names: Object.keys(window.cowork ?? {}),
    };
  });
  expect(seen).toEqual({
    status: 200,
    bearer: null,
    names: ["version", "platform", "onCommand", "onShow", "ready"],
  });
  const { origin } = new URL(page.url());
  expect((await fetch(`${origin}/api/v1/settings`)).status).toBe(401);
  expect((await fetch(`${origin}/api/v1/health`)).status).toBe(200);
});

test("a second start shows the first one's window, and ends", async () => {
  const app = await startApp();
  await app.window();
  await app.shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.minimize());
  const second = await launch({ userData: app.userData, env: { HOME: app.home } });
  expect(await second.exited).toEqual({ code: 0, signal: null });
  await until("the window", async () => {
    const [window] = await windowsOf(app.shell);
    return window?.isVisible && window.isFocused ? true : undefined;
  });
  expect(app.shell.windows()).toHaveLength(1);
});

test("a link shows its task in the app that runs", async () => {
  const app = await startApp();
  await app.window();
  const id = await newTask(app);
  const second = await launch({
    userData: app.userData,
    env: { HOME: app.home },
    args: [`cowork://conversation/${id}`],
  });
  expect((await second.exited).code).toBe(0);
  await shows(app, `/tasks/${id}`);
  expect(app.shell.windows()).toHaveLength(1);
});

test("a link starts the app that does not run, and shows its task", async () => {
  const place = await newPlace();
  const first = await startApp({ place });
  await first.window();
  const id = await newTask(first);
  await first.shell.close();
  const app = await startApp({ place, args: [`cowork://conversation/${id}`] });
  await shows(app, `/tasks/${id}`);
  const page = await app.window();
  await page.getByRole("heading", { name: "Quarterly figures" }).waitFor();
});

test("a link on a Mac comes as an event, and one that is none of ours does nothing", async () => {
  const app = await startApp();
  await app.window();
  const id = await newTask(app);
  const open = (url: string): Promise<boolean> =>
    app.shell.evaluate(
      ({ app: electron }, link) => electron.emit("open-url", { preventDefault: () => undefined }, link),
      url,
    );
  await open("cowork://conversation/../../api/v1/settings");
  await open("javascript:alert(1)");
  await open(`cowork://conversation/${id}`);
  await shows(app, `/tasks/${id}`);
});

test("the window comes back where it was", async () => {
  const place = await newPlace();
  const first = await startApp({ place });
  await first.window();
  await first.shell.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.setBounds({ x: 40, y: 50, width: 900, height: 700 }),
  );
  await first.shell.close();
  const app = await startApp({ place });
  await app.window();
  const bounds = await app.shell.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]?.getBounds(),
  );
  expect(bounds).toEqual({ x: 40, y: 50, width: 900, height: 700 });
});

test("two users of one machine do not meet, though both want the same port", async () => {
  const port = { COWORK_PORT: "26890" };
  const [one, other] = [await startApp({ env: port }), await startApp({ env: port })];
  const [first, second] = [await one.window(), await other.window()];
  const [mine, theirs] = [new URL(first.url()).origin, new URL(second.url()).origin];
  expect(mine).not.toBe(theirs);
  await newTask(one);
  const tasks = await other.call<{ total: number }>("GET", "/conversations");
  expect(tasks.body.total).toBe(0);
  // The one's page cannot reach the other's server, nor can its token.
  expect(
    await first.evaluate(
      (url) =>
        fetch(`${url}/api/v1/settings`).then(
          ({ status }) => status,
          () => 0,
        ),
      theirs,
    ),
  ).toBe(0);
  expect(serverPid(one)).not.toBe(serverPid(other));
});
