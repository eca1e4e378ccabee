// @vitest-environment node
import { describe, expect, it, vi } from "vitest";
import type { MenuItem, MenuItemConstructorOptions } from "electron";
import { menuTemplate, type MenuActions, type MenuKind } from "../../../src/main/menu";
import { SHARED_COMMANDS } from "../../../src/shared/commands";

type Item = MenuItemConstructorOptions;

const actions = (more: Partial<Pick<MenuActions, "update" | "keepsRunning">> = {}) => ({
  command: vi.fn<MenuActions["command"]>(),
  newWindow: vi.fn(),
  copyToken: vi.fn(),
  openLogs: vi.fn(),
  openDocumentation: vi.fn(),
  keepsRunning: true,
  setKeepsRunning: vi.fn<MenuActions["setKeepsRunning"]>(),
  ...more,
});

const KINDS: [string, MenuKind][] = [
  ["a Mac", { isMac: true, isDevelopment: false }],
  ["a Mac in development", { isMac: true, isDevelopment: true }],
  ["others", { isMac: false, isDevelopment: false }],
  ["others in development", { isMac: false, isDevelopment: true }],
];

const submenu = (item: Item | undefined): Item[] => (item?.submenu as Item[] | undefined) ?? [];
const flat = (items: Item[]): Item[] => items.flatMap((item) => [item, ...flat(submenu(item))]);
const all = (kind: MenuKind, given: MenuActions = actions()): Item[] => flat(menuTemplate(given, kind));
const roles = (items: Item[]): string[] => items.flatMap(({ role }) => role ?? []);

function click(item: Item | undefined, checked = false): void {
  if (!item?.click) throw new Error("Nothing is there to be clicked.");
  item.click({ checked } as unknown as MenuItem, undefined, {});
}

/** The accelerators that Electron gives the roles themselves (`lib/browser/api/menu-item-roles.ts`). */
const OF_ROLES: Record<string, string[]> = {
  close: ["W"],
  quit: ["Q"],
  reload: ["R"],
  resetZoom: ["0"],
  zoomIn: ["Plus"],
  zoomOut: ["-"],
  hide: ["H"],
  hideOthers: ["Alt+H"],
  toggleDevTools: ["Shift+I", "Alt+I"],
  editMenu: ["Z", "Shift+Z", "Y", "X", "C", "V", "Shift+V", "A"],
  windowMenu: ["M"],
};

describe.each(KINDS)("the menu on %s", (_, kind) => {
  it("lists every command that the page shares, once, as the page does", () => {
    const listed = all(kind).filter(({ id }) => SHARED_COMMANDS.some((command) => command.id === id));
    expect(listed.map(({ id, label }) => [id, label]).sort()).toEqual(
      SHARED_COMMANDS.map(({ id, title }) => [id, title]).sort(),
    );
    for (const { id, shortcut } of SHARED_COMMANDS) {
      const { accelerator } = listed.find((item) => item.id === id) ?? {};
      expect(accelerator, id).toBe(shortcut?.replace("mod", "CmdOrCtrl"));
    }
  });

  it("lets the page carry each of them out", () => {
    const given = actions();
    for (const { id } of SHARED_COMMANDS) click(all(kind, given).find((item) => item.id === id));
    expect(given.command.mock.calls).toEqual(SHARED_COMMANDS.map(({ id }) => [id]));
  });

  it.each<[string, "newWindow" | "copyToken" | "openLogs" | "openDocumentation"]>([
    ["window.new", "newWindow"],
    ["token.copy", "copyToken"],
    ["logs", "openLogs"],
    ["documentation", "openDocumentation"],
  ])("%s does what it says, and nothing else", (id, action) => {
    const given = actions();
    click(all(kind, given).find((item) => item.id === id));
    const names = ["newWindow", "copyToken", "openLogs", "openDocumentation", "command"] as const;
    for (const name of names) expect(given[name], name).toHaveBeenCalledTimes(name === action ? 1 : 0);
  });

  it("has each accelerator once, also beside those that roles bring", () => {
    const items = all(kind);
    const own = items.flatMap(({ accelerator }) => accelerator?.toUpperCase() ?? []);
    for (const accelerator of own) expect(accelerator).toMatch(/^CMDORCTRL\+(SHIFT\+)?[A-Z,]$/);
    const brought = roles(items).flatMap((role) => OF_ROLES[role] ?? []);
    const taken = [...own, ...brought.map((keys) => `CMDORCTRL+${keys.toUpperCase()}`)];
    expect(taken.filter((keys, n) => taken.indexOf(keys) !== n)).toEqual([]);
  });

  it("has each id once, and a label or a role for whatever is no line", () => {
    const items = all(kind);
    const ids = items.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(items.filter(({ type, label, role }) => type !== "separator" && !label && !role)).toEqual([]);
  });

  it("opens the developer's tools in development alone", () => {
    expect(roles(all(kind)).includes("toggleDevTools")).toBe(kind.isDevelopment);
  });

  it("offers an update where one waits", () => {
    const isUpdate = ({ id }: Item) => id === "update";
    expect(all(kind).some(isUpdate)).toBe(false);
    const update = vi.fn();
    click(all(kind, actions({ update })).find(isUpdate));
    expect(update).toHaveBeenCalledOnce();
  });

  it.each([true, false])(
    "shows whether it keeps running (%s), and hears that it is not to",
    (keepsRunning) => {
      const given = actions({ keepsRunning });
      const item = all(kind, given).find(({ id }) => id === "keep-running");
      if (kind.isMac) {
        expect(item).toBeUndefined();
        return;
      }
      expect(item).toMatchObject({ type: "checkbox", checked: keepsRunning });
      click(item, !keepsRunning);
      expect(given.setKeepsRunning.mock.calls).toEqual([[!keepsRunning]]);
    },
  );

  it("can be quit, once", () => {
    expect(roles(all(kind)).filter((role) => role === "quit")).toHaveLength(1);
  });
});

describe("the places", () => {
  const names = (kind: MenuKind) => menuTemplate(actions(), kind).map(({ role, label }) => role ?? label);
  const under = (kind: MenuKind, name: string) => {
    const menu = menuTemplate(actions(), kind).find(({ role, label }) => (role ?? label) === name);
    return submenu(menu).map(({ id, role }) => id ?? role);
  };

  it("are a Mac's on a Mac: the settings, and quitting, in the app's menu", () => {
    const mac = { isMac: true, isDevelopment: false };
    expect(names(mac)).toEqual(["appMenu", "File", "editMenu", "View", "Go", "windowMenu", "help"]);
    expect(under(mac, "appMenu")).toEqual(expect.arrayContaining(["about", "go.settings", "quit"]));
    expect(under(mac, "File")).not.toContain("go.settings");
  });

  it("are under File elsewhere", () => {
    const other = { isMac: false, isDevelopment: false };
    expect(names(other)).toEqual(["File", "editMenu", "View", "Go", "windowMenu", "help"]);
    expect(under(other, "File")).toEqual(expect.arrayContaining(["go.settings", "quit"]));
    expect(under(other, "help")).toContain("about");
  });
});
