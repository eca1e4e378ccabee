/**
 * The module that the main process gets for `require("electron")`. Where it differs from Electron, beside what throws: a navigation by a
 * spec's `page.goto` or `page.reload` counts as the page's own; `window.open` of a denied popup gives a window that closes, not null;
 * IPC carries what JSON carries; partitions forget what they stored when the app ends (the default session does not); permissions' handlers
 * are asked for each origin that is loaded, not when it asks; WebSockets pass no handler; `beforeunload` is asked when a
 * window is closed, not when it is reloaded or led elsewhere, and whether or not anybody has touched the page.
 */
import { app } from "./app";
import { browserWindowModule } from "./browserWindow";
import { Notification, Tray } from "./desktop";
import { implemented, recorded } from "./implemented";
import { ipcMain } from "./ipc";
import { Menu, MenuItem } from "./menu";
import { nativeImage } from "./nativeImage";
import { clipboard, dialog, nativeTheme, powerMonitor, screen, shell } from "./rest";
import { running } from "./running";
import { sessions } from "./sessions";

export const electron = implemented("electron", {
  app,
  BrowserWindow: browserWindowModule,
  ipcMain,
  session: sessions,
  webContents: implemented("webContents", {
    getAllWebContents: () => [...running.windows].map((window) => window.webContents),
    fromId: (id: number) => [...running.contents.values()].find((contents) => contents.id === id),
  }),
  Menu: implemented("Menu", Menu),
  MenuItem,
  Tray,
  Notification: implemented("Notification", Notification),
  nativeImage,
  shell,
  dialog,
  clipboard,
  powerMonitor,
  screen,
  nativeTheme,
  __double: recorded,
});
