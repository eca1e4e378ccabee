/** What is around the windows: menus, the mark beside the clock, notifications, sleep. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { startApp, windowsOf, type App } from "./app";
import { isElectron } from "./driver";
import { until } from "./waiting";

const press = (app: App, id: string): Promise<void> =>
  app.shell.evaluate(({ Menu }, item) => {
    const found = Menu.getApplicationMenu()?.getMenuItemById(item);
    if (!found) throw new Error(`The menu has no ${item}.`);
    (found.click as () => void)();
  }, id);

const blurred = (app: App): Promise<void> =>
  app.shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().forEach((window) => window.blur()));

test("the menus have the page's commands, and the page carries them out", async () => {
  const app = await startApp();
  const page = await app.window();
  await page.getByRole("textbox", { name: "What is to be done" }).waitFor();
  await press(app, "go.schedules");
  await page.getByRole("heading", { name: "Schedules", level: 1 }).waitFor();
  await press(app, "palette");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await press(app, "task.new");
  await page.getByRole("textbox", { name: "What is to be done" }).waitFor();
});

test("a new window is one of its own, and the API's documentation shows there", async () => {
  const app = await startApp();
  await app.window();
  await press(app, "window.new");
  await until("the second", () => (app.shell.windows().length === 2 ? true : undefined));
  await press(app, "documentation");
  const page = await app.shell.waitForWindow((one) => new URL(one.url()).pathname === "/api/v1/docs");
  await page.getByText("/api/v1/conversations", { exact: false }).first().waitFor();
});

test("developer tools are for development alone", async () => {
  const packaged = await startApp({ env: { COWORK_DOUBLE_PACKAGED: "1" } });
  const items = await packaged.shell.evaluate(({ Menu }) =>
    (Menu.getApplicationMenu()?.items ?? []).flatMap((item) =>
      (item.submenu?.items ?? []).map(({ role }) => role ?? ""),
    ),
  );
  expect(items).toContain("reload");
  expect(items.map((role) => role.toLowerCase())).not.toContain("toggledevtools");
});

test("the machine's sleep is told to the server", async () => {
  const app = await startApp();
  await app.window();
  await app.shell.evaluate(({ powerMonitor }) => powerMonitor.emit("suspend"));
  await app.shell.evaluate(({ powerMonitor }) => powerMonitor.emit("resume"));
  await until("the log", async () =>
    (await serverLog(app)).includes(" The machine woke") ? true : undefined,
  );
});

const serverLog = (app: App): Promise<string> => readFile(`${app.data}/logs/cowork.log`, "utf8");

// What the system shows of these cannot be asked for in the real Electron.
test.skipIf(isElectron)("the mark beside the clock tells what runs, and leads there", async () => {
  const app = await startApp();
  await app.window();
  const words = (): Promise<string> =>
    app.shell.evaluate((electron) => {
      const { trays } = Reflect.get(electron, "__double") as { trays: { toolTip: string }[] };
      return trays[0]?.toolTip ?? "";
    });
  expect(await words()).toBe("Cowork");
  const id = await app.send("slow");
  await until("the turn", async () => ((await words()) === "Cowork: 1 task runs" ? true : undefined));
  await app.shell.evaluate((electron) => {
    const { trays } = Reflect.get(electron, "__double") as { trays: { menu: Electron.Menu }[] };
    trays[0]?.menu.items[1]?.click();
  });
  await app.shell.waitForWindow((page) => page.url().endsWith(`/tasks/${id}`));
});

test.skipIf(isElectron)("a turn that has ended, and a question, are told where nobody looks", async () => {
  const app = await startApp();
  await app.window();
  const told = (): Promise<{ title: string; body: string }[]> =>
    app.shell.evaluate((electron) => {
      const { notifications } = Reflect.get(electron, "__double") as {
        notifications: Electron.Notification[];
      };
      return notifications.map(({ title, body }) => ({ title, body }));
    });
  const page = await app.window();
  await until("the focus", async () => ((await windowsOf(app.shell))[0]?.isFocused ? true : undefined));
  await app.send("hello");
  await page.getByRole("link", { name: /A task.*Ended, not seen yet/ }).waitFor();
  expect(await told()).toEqual([]);

  await blurred(app);
  const done = await app.send("hello");
  await until("the end", async () => ((await told()).length === 1 ? true : undefined));
  expect(await told()).toEqual([{ title: "A task", body: "Done." }]);
  await app.send("ask");
  await until("the question", async () => ((await told()).length === 2 ? true : undefined));
  expect((await told())[1]).toEqual({ title: "Cowork has a question: A task", body: "Which of the two?" });
  await app.shell.evaluate((electron) => {
    const { notifications } = Reflect.get(electron, "__double") as { notifications: Electron.Notification[] };
    notifications[0]?.emit("click");
  });
  await app.shell.waitForWindow((page) => page.url().endsWith(`/tasks/${done}`));
});
