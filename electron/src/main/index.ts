/** Starts the desktop app: one a user, and the first one takes what later ones are asked for. */
import { join, resolve } from "node:path";
import { app } from "electron";
import { SCHEME } from "./deepLinks";
import { Desktop } from "./desktop";
import { Log } from "./log";
import { Memory } from "./memory";
import { serverProgram } from "./program";
import { Server } from "./server";

const DEFAULT_PORT = 26866;

app.enableSandbox();
app.setName("Cowork");
app.setAppUserModelId("com.cowork.desktop");
if (!app.commandLine.hasSwitch("user-data-dir")) {
  // Apart from the server's data folder, which is `Cowork` at this place on a Mac.
  app.setPath("userData", join(app.getPath("appData"), "Cowork Desktop"));
}

// Whoever reaches that port reads what the pages show.
const isWatched = ["remote-debugging-port", "remote-debugging-pipe"].some((name) =>
  app.commandLine.hasSwitch(name),
);

if (app.isPackaged && isWatched) app.exit(1);
else if (app.requestSingleInstanceLock()) run();
else app.exit(0);

function run(): void {
  const folder = app.getPath("userData");
  const log = new Log(join(folder, "logs"));
  process.on("uncaughtExceptionMonitor", (error) => log.write(`error: ${error.stack ?? error.message}`));
  const environment = { ...process.env };
  for (const name of Object.keys(environment)) if (name.startsWith("ELECTRON_")) delete environment[name];
  const memory = new Memory(join(folder, "shell.json"));
  const server = new Server({
    program: serverProgram({
      isPackaged: app.isPackaged,
      resources: process.resourcesPath,
      app: app.getAppPath(),
      platform: process.platform,
      environment,
    }),
    ports: [Number(environment.COWORK_PORT ?? DEFAULT_PORT), memory.remembered.port ?? 0, 0],
    version: app.getVersion(),
    environment,
    log,
  });
  const desktop = new Desktop({
    server,
    memory,
    log,
    files: {
      appPreload: join(__dirname, "../preload/app.cjs"),
      statusPreload: join(__dirname, "../preload/status.cjs"),
      statusPage: join(__dirname, "../status/status.html"),
      trayIcon: join(__dirname, "../icons", process.platform === "darwin" ? "trayTemplate.png" : "tray.png"),
    },
    isDevelopment: !app.isPackaged,
  });
  if (process.defaultApp && process.argv[1]) {
    app.setAsDefaultProtocolClient(SCHEME, process.execPath, [resolve(process.argv[1])]);
  } else app.setAsDefaultProtocolClient(SCHEME);
  desktop.listen(process.argv);
  void app.whenReady().then(() => desktop.start());
}
