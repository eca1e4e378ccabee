/** A small app with a preload, in a folder of its own, and a server on loopback that notes what it is asked. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, type Shell } from "../shell/driver";

const mainScript = `
  const { app } = require("electron");
  const note = (text) => process.stdout.write(text + "\\n");
  if (!app.requestSingleInstanceLock({ from: "second" })) {
    note("second");
    app.quit();
  } else {
    app.on("second-instance", (event, argv, cwd, data) => note("told " + argv.at(-1) + " " + data.from));
    for (const event of ["before-quit", "will-quit", "quit"]) app.on(event, () => note(event));
    app.on("window-all-closed", () => note("window-all-closed"));
    app.whenReady().then(() => note("ready"));
  }
`;

const preloadScript = `
  const { contextBridge, ipcRenderer } = require("electron");
  contextBridge.exposeInMainWorld("bridge", {
    port: process.argv.at(-1),
    nested: { list: [1, { two: 2 }] },
    double: (number) => number * 2,
    fails: () => { throw new TypeError("no"); },
    ask: (...values) => ipcRenderer.invoke("ask", ...values),
    say: (value) => ipcRenderer.send("say", value),
    onNews: (listener) => {
      const heard = (_event, value) => listener(value);
      ipcRenderer.on("news", heard);
      return () => ipcRenderer.off("news", heard);
    },
    has: (name) => { try { require(name); return true; } catch (error) { return error.message; } },
    title: () => document.title,
  });
  globalThis.leaked = true;
`;

export interface Fixture {
  main: string;
  preload: string;
  userData: string;
  start: (args?: string[]) => Promise<Shell>;
  remove: () => void;
}

export function makeFixture(): Fixture {
  const folder = mkdtempSync(join(tmpdir(), "electron-double-"));
  const [main, preload, userData] = ["main.cjs", "preload.cjs", "data"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(main, mainScript);
  writeFileSync(preload, preloadScript);
  return {
    main,
    preload,
    userData,
    start: (args = []) => launch({ main, userData, args }),
    remove: () => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

type Answers = Record<string, string | ((request: IncomingMessage, response: ServerResponse) => void)>;

export interface Site {
  /** With `localhost` or another name of this machine, such as `other.localhost`. */
  url: (path: string, host?: string) => string;
  /** Paths in the order they were asked for. */
  asked: string[];
  headers: (path: string) => IncomingMessage["headers"] | undefined;
  close: () => void;
}

/** Answers HTML by path; an empty page where it has none. */
export async function serve(answers: Answers): Promise<Site> {
  const seen: { path: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    seen.push({ path, headers: request.headers });
    const answer = answers[path] ?? "<!doctype html><title>empty</title>";
    if (typeof answer === "function") answer(request, response);
    else response.setHeader("content-type", "text/html").end(answer.replaceAll("PORT", String(port())));
  });
  const port = (): number => (server.address() as AddressInfo).port;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: (path, host = "localhost") => `http://${host}:${port()}${path}`,
    get asked() {
      return seen.map(({ path }) => path).filter((path) => path !== "/favicon.ico");
    },
    headers: (path) => seen.findLast((request) => request.path === path)?.headers,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
