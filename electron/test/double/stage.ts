/**
 * What the tests of pages stand on: one shell with a preload, and one site, for each file that imports this; a test begins without windows.
 */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { Shell } from "../shell/driver";
import { until } from "../shell/waiting";
import { makeFixture, serve, type Site } from "./fixture";

export const fixture = makeFixture();
export let shell: Shell;
export let site: Site;

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
export async function open(path: string, preferences: Electron.WebPreferences = {}): Promise<Page> {
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
