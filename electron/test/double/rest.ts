/** The small modules: what goes out to the desktop is recorded and does nothing. */
import { Emitter, implemented, record, words } from "./implemented";

/** The options of a dialog, which may come after its window. */
function optionsOf<O>(values: unknown[]): Partial<O> {
  return values.at(-1) ?? {};
}

type Shell = Pick<Electron.Shell, "openExternal" | "openPath" | "showItemInFolder" | "trashItem" | "beep">;

export const shell: Shell = implemented("shell", {
  openExternal: (url: string) => {
    record("shell.openExternal", url);
    return Promise.resolve();
  },
  openPath: (path: string) => {
    record("shell.openPath", path);
    return Promise.resolve("");
  },
  showItemInFolder: (path: string) => record("shell.showItemInFolder", path),
  trashItem: (path: string) => {
    record("shell.trashItem", path);
    return Promise.resolve();
  },
  beep: () => record("shell.beep"),
});

/** Every dialog is cancelled at once, unless a spec puts its own function here. */
export const dialog = implemented("dialog", {
  showMessageBox: (...values: unknown[]): Promise<Electron.MessageBoxReturnValue> => {
    const options = optionsOf<Electron.MessageBoxOptions>(values);
    record("dialog.showMessageBox", options);
    return Promise.resolve({ response: options.cancelId ?? 0, checkboxChecked: false });
  },
  showMessageBoxSync: (...values: unknown[]): number => {
    const options = optionsOf<Electron.MessageBoxSyncOptions>(values);
    record("dialog.showMessageBoxSync", options);
    return options.cancelId ?? 0;
  },
  showErrorBox: (title: string, content: string) => record("dialog.showErrorBox", title, content),
  showSaveDialog: (...values: unknown[]): Promise<Electron.SaveDialogReturnValue> => {
    record("dialog.showSaveDialog", optionsOf(values));
    return Promise.resolve({ canceled: true, filePath: "" });
  },
  showOpenDialog: (...values: unknown[]): Promise<Electron.OpenDialogReturnValue> => {
    record("dialog.showOpenDialog", optionsOf(values));
    return Promise.resolve({ canceled: true, filePaths: [] });
  },
});

let copied = "";

type Clipboard = Pick<Electron.Clipboard, "readText" | "writeText" | "clear">;

export const clipboard: Clipboard = implemented("clipboard", {
  readText: () => Promise.resolve(copied),
  writeText: (text: string) => Promise.resolve(void (copied = text)),
  clear: () => void (copied = ""),
});

const powerEvents = words(`
  suspend resume shutdown lock-screen unlock-screen on-ac on-battery thermal-state-change speed-limit-
  change user-did-become-active user-did-resign-active
`);

/** Its events are emitted by specs. */
export const powerMonitor = new Emitter("powerMonitor", powerEvents);

const desktop = { x: 0, y: 0, width: 1920, height: 1080 };
const display = {
  id: 1,
  bounds: desktop,
  workArea: desktop,
  size: desktop,
  workAreaSize: desktop,
  scaleFactor: 1,
  rotation: 0,
};

class Screen extends Emitter {
  constructor() {
    super("screen", ["display-added", "display-removed", "display-metrics-changed"]);
  }

  getAllDisplays(): object[] {
    return [display];
  }

  getPrimaryDisplay(): object {
    return display;
  }

  getDisplayMatching(): object {
    return display;
  }

  getDisplayNearestPoint(): object {
    return display;
  }

  getCursorScreenPoint(): Electron.Point {
    return { x: 0, y: 0 };
  }
}

export const screen = new Screen();

class NativeTheme
  extends Emitter
  implements Pick<Electron.NativeTheme, "themeSource" | "shouldUseDarkColors">
{
  private source: Electron.NativeTheme["themeSource"] = "system";

  constructor() {
    super("nativeTheme", ["updated"]);
  }

  get themeSource(): Electron.NativeTheme["themeSource"] {
    return this.source;
  }

  set themeSource(source: Electron.NativeTheme["themeSource"]) {
    const changed = this.source !== source;
    this.source = source;
    if (changed) this.emit("updated");
  }

  get shouldUseDarkColors(): boolean {
    return this.source === "dark";
  }
}

export const nativeTheme = new NativeTheme();
