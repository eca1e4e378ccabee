/** The desktop app as a process, with folders of its own, and calls of its server as a user's script makes them. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterEach, expect } from "vitest";
import { launch, type Shell } from "./driver";
import { startModel, type TestModel } from "./model";
import { until } from "./waiting";

const ROOT = join(import.meta.dirname, "../../..");
/** Of the server. `COWORK_SERVER` says another than `make executable` builds. */
const EXECUTABLE =
  process.env.COWORK_SERVER ??
  join(ROOT, "dist/cowork-server", process.platform === "win32" ? "cowork-server.exe" : "cowork-server");

export interface Place {
  home: string;
  userData: string;
  data: string;
  model: TestModel;
}

/** What the answer is, the caller knows. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export type Call = <T>(method: string, path: string, body?: unknown) => Promise<{ status: number; body: T }>;

export interface App extends Place {
  shell: Shell;
  /** The first window of the app itself. */
  window: () => Promise<Page>;
  /** Calls the API as a script does, with the token that the menu copies. */
  call: Call;
  /** What `send` began is over when `status` is no longer `in_progress`. */
  send: (input: string, conversation?: string) => Promise<string>;
}

const open: { apps: Shell[]; places: Place[] } = { apps: [], places: [] };

/** Everything is ended and removed after each test; of one that failed, what there was is shown before. */
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") await show();
  for (const shell of open.apps.splice(0)) await shell.kill();
  for (const place of open.places.splice(0)) {
    await place.model.close();
    rmSync(place.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});

async function show(): Promise<void> {
  for (const shell of open.apps) {
    console.error(shell.output(), await windowsOf(shell).catch(String));
    for (const page of shell.windows()) {
      const seen = await page.locator("body").ariaSnapshot({ timeout: 2000 }).catch(String);
      console.error(`${page.url()}\n${seen}`);
    }
  }
  for (const place of open.places) console.error(logOf(place));
}

/** Folders of a user. */
export async function newPlace(): Promise<Place> {
  const home = mkdtempSync(join(tmpdir(), "cowork-shell-"));
  const place = { home, userData: join(home, "shell"), data: join(home, "data"), model: await startModel() };
  open.places.push(place);
  return place;
}

export interface StartOptions {
  place?: Place;
  args?: string[];
  env?: Record<string, string>;
  /** The main script, if it is not the one that was built. */
  main?: string;
}

/** Starts it; it need not come to anything. */
export async function startApp({ place, args = [], env = {}, main }: StartOptions = {}): Promise<App> {
  const at = place ?? (await newPlace());
  expect(existsSync(EXECUTABLE), "make executable builds what the shell starts").toBe(true);
  const shell = await launch({
    args,
    ...(main !== undefined && { main }),
    userData: at.userData,
    env: {
      HOME: at.home,
      COWORK_SERVER: EXECUTABLE,
      COWORK_DATA_DIR: at.data,
      COWORK_SECRETS: "file",
      COWORK_PORT: "0",
      COWORK_BASE_URL: at.model.url,
      ANTHROPIC_API_KEY: "sk-ant-test",
      ...env,
    },
  });
  open.apps.push(shell);
  return { ...at, shell, window: () => appWindow(shell), call: caller(shell), send: sender(shell) };
}

/** What the shell has noted, with what its server has said. */
export function logOf({ userData }: Place): string {
  try {
    return readFileSync(join(userData, "logs/shell.log"), "utf8");
  } catch {
    return "";
  }
}

const isOfApp = (page: Page): boolean => /^http:\/\/localhost:\d+\//.test(page.url());

const appWindow = (shell: Shell): Promise<Page> => shell.waitForWindow(isOfApp);

export const tokenOf = (shell: Shell): Promise<string> =>
  shell.evaluate(async ({ Menu, clipboard }) => {
    Menu.getApplicationMenu()?.getMenuItemById("token.copy")?.click();
    return clipboard.readText();
  });

function caller(shell: Shell): Call {
  return async (method, path, body) => {
    const { origin } = new URL((await appWindow(shell)).url());
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${await tokenOf(shell)}`, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as never };
  };
}

/** Sends a message without waiting for its end; gives the conversation. */
function sender(shell: Shell): App["send"] {
  const call = caller(shell);
  return async (input, conversation) => {
    const id =
      conversation ?? (await call<{ id: string }>("POST", "/conversations", { title: "A task" })).body.id;
    void call("POST", "/responses", { conversation_id: id, input, stream: false }).catch(() => undefined);
    return id;
  };
}

export interface Items {
  data: { id: string; role: string; status: string; content: string }[];
}

/** Makes an artifact of this page, as the agent does; gives its id. */
export async function makeArtifact(app: App, html: string): Promise<string> {
  await app.send(`artifact ${html}`);
  return until("the artifact", async () => {
    const { body } = await app.call<{ data: { id: string }[] }>("GET", "/artifacts");
    return body.data[0]?.id;
  });
}

/** The process of the server, from the note in its data folder; null: none. */
export function serverPid({ data }: Place): number | null {
  try {
    return (JSON.parse(readFileSync(join(data, "instance.json"), "utf8")) as { pid: number }).pid;
  } catch {
    return null;
  }
}

/** Whether it runs; one that has ended and was not waited for does not. */
export function isAlive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^\d+ \(.*\) [ZX] /s.test(status);
  } catch {
    return false;
  }
}

/** The processes that work in a user's folders: their command lines or environments name them. */
export function processesOf({ home }: Place): number[] {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return all.map(Number).filter((pid) => pid !== process.pid && isAlive(pid) && names(pid, home));
}

function names(pid: number, text: string): boolean {
  try {
    const told = ["cmdline", "environ"].map((name) => readFileSync(`/proc/${pid}/${name}`, "utf8"));
    return told.some((found) => found.includes(text));
  } catch {
    return false;
  }
}

/** Every window that there is, as main sees it. */
export const windowsOf = (shell: Shell): Promise<{ url: string; isVisible: boolean; isFocused: boolean }[]> =>
  shell.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => ({
      url: window.webContents.getURL(),
      isVisible: window.isVisible(),
      isFocused: window.isFocused(),
    })),
  );
