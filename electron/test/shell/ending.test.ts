/** The end of the app, however it comes: nothing that was acknowledged is lost, and no process is left. */
import { expect, test } from "vitest";
import {
  isAlive,
  logOf,
  makeArtifact,
  newPlace,
  processesOf,
  serverPid,
  startApp,
  type App,
  type Place,
} from "./app";
import { until } from "./waiting";

interface Responses {
  data: { id: string; status: string; error: { type: string } | null }[];
}

/** A turn that streams for a minute, seen to have begun. */
async function slowTurn(app: App): Promise<{ conversation: string; response: string }> {
  const conversation = await app.send("slow");
  const response = await until("the turn", async () => {
    const { body } = await app.call<Responses>("GET", "/responses/in-flight-list");
    return body.data[0]?.id;
  });
  await until("its first words", async () => {
    const { body } = await app.call("GET", `/responses/${response}`);
    return JSON.stringify(body).includes("word word") ? true : undefined;
  });
  return { conversation, response };
}

/** A kernel that is at work. */
async function busyKernel(app: App): Promise<void> {
  const conversation = (await app.call<{ id: string }>("POST", "/conversations", { title: "Cells" })).body.id;
  const made = await app.call<{ id: string; cells: { id: string }[] }>("POST", "/scratchpads", {
    conversation_id: conversation,
    cells: [{ type: "code", content: "import time\nprint('here', flush=True)\ntime.sleep(60)" }],
  });
  const { id, cells } = made.body;
  void app.call("POST", `/scratchpads/${id}/cells/${cells[0]?.id}/run`, {}).catch(() => undefined);
  await until("the output", async () => {
    const { body } = await app.call("GET", `/scratchpads/${id}`);
    return JSON.stringify(body).includes("here\\n") ? true : undefined;
  });
}

/** What is asked from now on is counted, and answered so. */
const answerQuit = (app: App, response: number): Promise<void> =>
  app.shell.evaluate(({ dialog }, answer) => {
    Object.assign(globalThis, { questions: 0 });
    const count = (): void =>
      void Object.assign(globalThis, { questions: Number(Reflect.get(globalThis, "questions")) + 1 });
    dialog.showMessageBoxSync = () => {
      count();
      return answer;
    };
    dialog.showMessageBox = () => {
      count();
      return Promise.resolve({ response: answer, checkboxChecked: false });
    };
  }, response);

const questions = (app: App): Promise<number> =>
  app.shell.evaluate(() => Number(Reflect.get(globalThis, "questions")));

/** After another start the turn is there, as cut off. */
async function startedAgain(place: Place, response: string): Promise<App> {
  const again = await startApp({ place });
  await again.window();
  const turn = await again.call("GET", `/responses/${response}`);
  expect(turn.body).toMatchObject({ status: "failed", error: { type: "interrupted" } });
  return again;
}

const noneLeft = (place: Place): Promise<true> =>
  until("the end of all processes", () => (processesOf(place).length === 0 ? true : undefined), 10_000);

test("quitting in mid-turn asks, and keeps what was said", async () => {
  const place = await newPlace();
  const app = await startApp({ place });
  await app.window();
  const { conversation, response } = await slowTurn(app);
  await busyKernel(app);
  const pid = serverPid(app);

  await answerQuit(app, 1);
  await app.shell.evaluate(({ app: electron }) => electron.quit());
  await until("the question", async () => ((await questions(app)) === 1 ? true : undefined));
  expect(isAlive(pid ?? 0)).toBe(true);

  await answerQuit(app, 0);
  await app.shell.close();
  expect(isAlive(pid ?? 0)).toBe(false);
  await noneLeft(place);

  const again = await startedAgain(place, response);
  const items = await again.call("GET", `/conversations/${conversation}/items`);
  expect(JSON.stringify(items.body)).toContain("word word");
});

test("quitting with nothing at work asks nothing, and its server ends within two seconds", async () => {
  const place = await newPlace();
  const app = await startApp({ place });
  await app.window();
  await answerQuit(app, 1);
  await app.shell.close();
  expect(await app.shell.exited).toEqual({ code: 0, signal: null });
  const [stopping = 0, stopped = Infinity] = ["stopping", "stopped"].map((state) =>
    Date.parse(new RegExp(`^(\\S+) server: ${state}$`, "m").exec(logOf(app))?.[1] ?? ""),
  );
  expect(stopped - stopping).toBeLessThan(2_000);
  await noneLeft(place);
});

test("what is typed into a form and not saved is asked for, before the server ends", async () => {
  const app = await startApp();
  const page = await app.window();
  await page.goto(`${new URL(page.url()).origin}/schedules/new`);
  await page.getByRole("textbox", { name: "What to do" }).fill("Every morning, look at the figures");
  const pid = serverPid(app);
  await answerQuit(app, 1);
  await app.shell.evaluate(({ app: electron }) => electron.quit());
  await until("the question", async () => ((await questions(app)) === 1 ? true : undefined));
  expect((await app.call("GET", "/settings")).status).toBe(200);
  expect(serverPid(app)).toBe(pid);
  expect(app.shell.windows()).toHaveLength(1);
  await answerQuit(app, 0);
  await app.shell.close();
  expect((await app.shell.exited).code).toBe(0);
});

test("an artifact cannot keep its window open, nor the app", async () => {
  const app = await startApp();
  await app.window();
  const id = await makeArtifact(
    app,
    "<!doctype html><h1>Stay</h1><script>onbeforeunload = () => false</script>",
  );
  await app.call("POST", "/artifacts/open", { artifact_id: id });
  await app.shell.waitForWindow((page) => page.url().startsWith("http://art-"));
  // The task that made it may not have ended yet.
  await answerQuit(app, 0);
  await app.shell.evaluate(({ dialog }) => {
    dialog.showMessageBoxSync = () => 1;
  });
  await app.shell.close();
  expect((await app.shell.exited).code).toBe(0);
});

test("the end of the user's session asks nothing, and keeps what was said", async () => {
  const place = await newPlace();
  const app = await startApp({ place });
  await app.window();
  const { response } = await slowTurn(app);
  await answerQuit(app, 1);
  await app.shell.evaluate(({ powerMonitor }) =>
    powerMonitor.emit("shutdown", { preventDefault: () => undefined }),
  );
  expect((await app.shell.exited).code).toBe(0);
  await noneLeft(place);
  await startedAgain(place, response);
});

test("when the shell is killed, so are its server and kernels", async () => {
  const place = await newPlace();
  const app = await startApp({ place });
  await app.window();
  const { response } = await slowTurn(app);
  await busyKernel(app);
  await app.shell.kill();
  await noneLeft(place);
  await startedAgain(place, response);
});

test("without a window it goes on, says so once, and comes back when it is started again", async () => {
  const place = await newPlace();
  const app = await startApp({ place });
  await app.window();
  const pid = serverPid(app);
  const close = (): Promise<void> =>
    app.shell.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().forEach((window) => window.close()),
    );
  await close();
  await until("no window", () => (app.shell.windows().length === 0 ? true : undefined));
  expect(isAlive(pid ?? 0)).toBe(true);
  await app.shell.evaluate(({ app: electron }) => electron.emit("activate"));
  await app.window();

  await app.shell.evaluate(
    ({ Menu }) => void Menu.getApplicationMenu()?.getMenuItemById("keep-running")?.click(),
  );
  await close();
  expect((await app.shell.exited).code).toBe(0);
  await noneLeft(place);
});
