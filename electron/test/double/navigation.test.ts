/** Where pages go: navigations, popups, titles, failures, downloads. */
import { expect, test } from "vitest";
import { fixture, open, shell, site } from "./stage";

/** Notes the navigations of the one window, as `name path`; those to `kept` are prevented. */
function watch(kept: string): Promise<void> {
  return shell.evaluate(({ app }, path) => {
    const heard = ((globalThis as unknown as { heard: string[] }).heard = []) as string[];
    app.on("web-contents-created", (_event, contents) => {
      contents.on("will-frame-navigate", ({ url, isMainFrame }) => {
        if (!isMainFrame) heard.push(`will-frame-navigate ${url}`);
      });
      contents.on("will-navigate", (event) => {
        heard.push(`will-navigate ${event.url}`);
        if (event.url.endsWith(path)) event.preventDefault();
      });
      contents.on("will-redirect", (event) => heard.push(`will-redirect ${event.url}`));
      contents.on("did-navigate", (_details, url) => heard.push(`did-navigate ${url}`));
      contents.on("did-navigate-in-page", (_details, url) => heard.push(`did-navigate-in-page ${url}`));
    });
  }, kept);
}

const heard = (): Promise<string[]> =>
  shell.evaluate(() => (globalThis as unknown as { heard: string[] }).heard);

test("a page's own navigation is announced and can be prevented; the app's is not announced", async () => {
  await watch("/away");
  const page = await open("/");
  await page.evaluate(() => {
    location.href = "/away";
  });
  await expect.poll(heard).toEqual([`did-navigate ${site.url("/")}`, `will-navigate ${site.url("/away")}`]);
  await page.evaluate(() => {
    history.pushState({}, "", "/pushed");
  });
  await expect.poll(heard).toHaveLength(3);
  expect((await heard())[2]).toBe(`did-navigate-in-page ${site.url("/pushed")}`);
  expect(site.asked).not.toContain("/away");
  expect(await page.textContent("h1")).toBe("Hello");
  await page.evaluate(() => {
    location.href = "/moved";
  });
  await page.waitForURL(site.url("/target"));
  expect((await heard()).slice(3, 5)).toEqual([
    `will-navigate ${site.url("/moved")}`,
    `will-redirect ${site.url("/target")}`,
  ]);
});

test("frames' navigations and links to other programs are announced", async () => {
  await watch("");
  const page = await open("/frames");
  await expect.poll(heard).toContain(`will-frame-navigate ${site.url("/inner", "other.localhost")}`);
  await page.evaluate(() => {
    location.href = "mailto:someone@example.org";
  });
  await expect.poll(heard).toContain("will-navigate mailto:someone@example.org");
});

test("a popup that is denied asks for nothing", async () => {
  const page = await open("/");
  await shell.evaluate(({ BrowserWindow }) => {
    const asked = ((globalThis as unknown as { asked: string[] }).asked = []) as string[];
    BrowserWindow.getAllWindows()[0]?.webContents.setWindowOpenHandler(({ url }) => {
      asked.push(url);
      return { action: "deny" };
    });
  });
  await page.evaluate(() => {
    window.open("/popup");
    document.body.innerHTML = `<a href="/link" target="_blank" rel="noopener">link</a>`;
  });
  await page.click("a");
  const asked = (): Promise<string[]> =>
    shell.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
  await expect.poll(asked).toEqual([site.url("/popup"), site.url("/link")]);
  await expect.poll(() => shell.windows().length).toBe(1);
  expect(site.asked).not.toContain("/popup");
  expect(site.asked).not.toContain("/link");
});

test("a popup that is allowed is a window of the app's, with the handler's options", async () => {
  const page = await open("/");
  await shell.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.webContents.setWindowOpenHandler(() => ({
      action: "allow",
      overrideBrowserWindowOptions: { width: 400, height: 300, title: "small" },
    }));
  });
  await page.evaluate(() => {
    window.open("/allowed");
  });
  const popup = await shell.waitForWindow((other) => other.url() === site.url("/allowed"));
  expect(await popup.title()).toBe("empty");
  const windows = await shell.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => [window.getBounds().width, window.webContents.getURL()]),
  );
  expect(windows).toEqual([
    [800, site.url("/")],
    [400, site.url("/allowed")],
  ]);
});

test("titles go to the window unless a listener keeps its own", async () => {
  const page = await open("/");
  const title = (): Promise<string | undefined> =>
    shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getTitle());
  await expect.poll(title).toBe("first");
  await shell.evaluate(({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0];
    window?.on("page-title-updated", (event, given) => {
      event.preventDefault();
      window.setTitle(`${given} - kept`);
    });
  });
  await page.evaluate(() => {
    document.title = "second";
  });
  await expect.poll(title).toBe("second - kept");
});

test("a page that cannot be had fails, one whose process dies is gone and can be loaded again", async () => {
  const seen = await shell.evaluate(async ({ BrowserWindow }, url) => {
    const window = new BrowserWindow();
    const contents = window.webContents;
    const heard: unknown[] = [];
    contents.on("did-fail-load", (_event, code, text) => heard.push([code, text]));
    contents.on("render-process-gone", (_event, { reason }) => heard.push(reason));
    const refused = await window
      .loadURL("http://localhost:9/")
      .catch((error: unknown) => (error as Error).message);
    await window.loadURL(url);
    const gone = new Promise((resolve) => contents.once("render-process-gone", resolve));
    contents.forcefullyCrashRenderer();
    await gone;
    const again = new Promise<void>((resolve) => contents.once("did-finish-load", () => resolve()));
    contents.reload();
    await again;
    return { heard, refused, title: (await contents.executeJavaScript("document.title")) as string };
  }, site.url("/"));
  expect(seen).toEqual({
    heard: [[-312, "ERR_UNSAFE_PORT"], "crashed"],
    refused: "ERR_UNSAFE_PORT (-312) loading 'http://localhost:9/'",
    title: "first",
  });
});

test("downloads are offered to the session, which cancels them or says where they go", async () => {
  const path = `${fixture.userData}/saved.csv`;
  await shell.evaluate(({ session }, given) => {
    const global = globalThis as unknown as { done: unknown[] };
    global.done = [];
    session.defaultSession.on("will-download", (event, item) => {
      if (global.done.length > 0) {
        event.preventDefault();
        item.once("done", (_event, state) => global.done.push([state, item.hasUserGesture()]));
        return;
      }
      item.setSavePath(given);
      item.once("done", (_event, state) =>
        global.done.push([item.getFilename(), state, item.getReceivedBytes(), item.hasUserGesture()]),
      );
    });
  }, path);
  const page = await open("/");
  const done = (): Promise<unknown[]> =>
    shell.evaluate(() => (globalThis as unknown as { done: unknown[] }).done);
  await page.evaluate(() => {
    document.body.innerHTML = `<a href="/file">file</a>`;
  });
  await page.click("a");
  await expect.poll(done).toEqual([["table.csv", "completed", 8, true]]);
  // In a window in which the user has done nothing.
  await open("/next");
  await shell.evaluate(async ({ BrowserWindow }) => {
    await BrowserWindow.getAllWindows().at(-1)?.webContents.executeJavaScript("location.href = '/file'; 0");
  });
  await expect.poll(done).toHaveLength(2);
  expect((await done())[1]).toEqual(["cancelled", false]);
  await page.evaluate(() => {
    const link = Object.assign(document.createElement("a"), {
      href: "data:text/plain,hello",
      download: "hello.txt",
    });
    document.body.append(link);
    link.textContent = "hello";
  });
  await page.click("a[download]");
  await expect.poll(done).toHaveLength(3);
  expect((await done())[2]).toEqual(["cancelled", true]);
});
