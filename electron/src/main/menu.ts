/** The native menus: the system's own, and the commands of the page. Pure, but for who carries them out. */
import type { MenuItemConstructorOptions } from "electron";
import { sharedCommand, type SharedCommandId } from "../shared/commands";

export interface MenuActions {
  command: (id: SharedCommandId) => void;
  newWindow: () => void;
  copyToken: () => void;
  openLogs: () => void;
  openDocumentation: () => void;
  /** Undefined: there is no update to be installed. */
  update?: (() => void) | undefined;
  keepsRunning: boolean;
  setKeepsRunning: (keeps: boolean) => void;
}

export interface MenuKind {
  isMac: boolean;
  isDevelopment: boolean;
}

type Items = MenuItemConstructorOptions[];

const GO_TO: readonly SharedCommandId[] = [
  "go.projects",
  "go.schedules",
  "go.artifacts",
  "go.files",
  "go.connectors",
  "go.memories",
  "go.skills",
  "go.approvals",
];
const SEPARATOR: MenuItemConstructorOptions = { type: "separator" };

export function menuTemplate(actions: MenuActions, { isMac, isDevelopment }: MenuKind): Items {
  const command = (id: SharedCommandId): MenuItemConstructorOptions => {
    const { title, shortcut } = sharedCommand(id);
    const accelerator = shortcut?.replace("mod", "CmdOrCtrl").replace("shift", "Shift").replace("alt", "Alt");
    return { id, label: title, ...(accelerator && { accelerator }), click: () => actions.command(id) };
  };
  const settings = command("go.settings");
  const update: Items = actions.update
    ? [{ id: "update", label: "Restart to update", click: actions.update }, SEPARATOR]
    : [];
  const app: MenuItemConstructorOptions = {
    role: "appMenu",
    submenu: [
      { role: "about" },
      SEPARATOR,
      ...update,
      settings,
      SEPARATOR,
      { role: "services" },
      SEPARATOR,
      { role: "hide" },
      { role: "hideOthers" },
      { role: "unhide" },
      SEPARATOR,
      { role: "quit" },
    ],
  };
  const keepRunning: MenuItemConstructorOptions = {
    id: "keep-running",
    label: "Keep running without a window",
    type: "checkbox",
    checked: actions.keepsRunning,
    click: ({ checked }) => actions.setKeepsRunning(checked),
  };
  const file: Items = [
    command("task.new"),
    command("schedule.new"),
    { id: "window.new", label: "New window", accelerator: "CmdOrCtrl+Shift+N", click: actions.newWindow },
    SEPARATOR,
    // A Mac's apps do so anyway.
    ...(isMac ? [] : [settings, keepRunning, SEPARATOR]),
    ...(isMac
      ? [{ role: "close" as const }]
      : [...update, { role: "close" as const }, { role: "quit" as const }]),
  ];
  const view: Items = [
    command("palette"),
    command("sidebar"),
    command("theme"),
    SEPARATOR,
    { role: "reload" },
    { role: "resetZoom" },
    { role: "zoomIn" },
    { role: "zoomOut" },
    { role: "togglefullscreen" },
    ...(isDevelopment ? [SEPARATOR, { role: "toggleDevTools" as const }] : []),
  ];
  const help: Items = [
    { id: "documentation", label: "The API’s documentation", click: actions.openDocumentation },
    { id: "token.copy", label: "Copy the API’s token", click: actions.copyToken },
    { id: "logs", label: "Open the logs", click: actions.openLogs },
    ...(isMac ? [] : [SEPARATOR, { role: "about" as const }]),
  ];
  return [
    ...(isMac ? [app] : []),
    { label: "File", submenu: file },
    { role: "editMenu" },
    { label: "View", submenu: view },
    { label: "Go", submenu: GO_TO.map(command) },
    { role: "windowMenu" },
    { role: "help", submenu: help },
  ];
}
