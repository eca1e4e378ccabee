/** Menus, which nobody sees: specs look items up and click them. */
import { app } from "./app";
import { Emitter, implemented, record } from "./implemented";
import { running } from "./running";

type Template = Electron.MenuItemConstructorOptions;

const roles = (
  "undo redo cut copy paste pasteandmatchstyle delete selectall reload forcereload toggledevtools resetzoom zoomin zoomout " +
  "togglespellchecker togglefullscreen window minimize close help about services hide hideothers unhide quit showsubstitutions " +
  "togglesmartquotes togglesmartdashes toggletextreplacement startspeaking stopspeaking zoom front appmenu filemenu editmenu " +
  "viewmenu sharemenu recentdocuments toggletabbar selectnexttab selectprevioustab showalltabs mergeallwindows clearrecentdocuments " +
  "movetabtonewwindow windowmenu"
).split(" ");

const deeds: Record<string, () => void> = {
  quit: () => app.quit(),
  close: () => running.focused?.close(),
  minimize: () => running.focused?.minimize(),
  reload: () => running.focused?.reload(),
  togglefullscreen: () => running.focused?.setFullScreen(!running.focused.isFullScreen()),
  toggledevtools: () => running.focused?.webContents.openDevTools(),
};

type ItemKnown =
  "id" | "label" | "enabled" | "visible" | "checked" | "type" | "click" | "toolTip" | "sublabel";

export class MenuItem implements Pick<Electron.MenuItem, ItemKnown> {
  id: string;
  label: string;
  sublabel: string;
  toolTip: string;
  enabled: boolean;
  visible: boolean;
  checked: boolean;
  type: Electron.MenuItem["type"];
  role: string | undefined;
  accelerator: Template["accelerator"];
  icon: Template["icon"];
  submenu: Menu | undefined;
  /** As a person's click. */
  click: () => void;

  constructor(template: Template) {
    if (template.label === undefined && template.role === undefined && template.type === undefined)
      throw new Error("Invalid template for MenuItem: must have at least one of label, role or type");
    this.role = template.role?.toLowerCase();
    if (this.role !== undefined && !roles.includes(this.role))
      throw new Error(`Unknown role: ${template.role}`);
    this.type = template.type ?? (template.submenu ? "submenu" : "normal");
    if (template.submenu && this.type !== "submenu") throw new Error("Invalid submenu");
    this.id = template.id ?? "";
    this.label = template.label ?? template.role ?? "";
    this.sublabel = template.sublabel ?? "";
    this.toolTip = template.toolTip ?? "";
    this.enabled = template.enabled ?? true;
    this.visible = template.visible ?? true;
    this.checked = template.checked ?? false;
    this.accelerator = template.accelerator;
    this.icon = template.icon;
    this.submenu = Array.isArray(template.submenu) ? Menu.buildFromTemplate(template.submenu) : undefined;
    if (template.submenu instanceof Menu) this.submenu = template.submenu;
    const own = template.click as ((...values: unknown[]) => void) | undefined;
    this.click = () => {
      if (this.type === "checkbox") this.checked = !this.checked;
      if (this.type === "radio") this.checked = true;
      if (this.role === undefined) own?.(this, running.focused, {});
      else deeds[this.role]?.();
    };
    return implemented("MenuItem", this);
  }
}

export class Menu extends Emitter {
  items: MenuItem[] = [];

  private static application: Menu | null = null;

  constructor() {
    super("Menu", ["menu-will-show", "menu-will-close"]);
  }

  static buildFromTemplate(template: (Template | MenuItem)[]): Menu {
    const menu = new Menu();
    for (const item of template) menu.append(item instanceof MenuItem ? item : new MenuItem(item));
    return menu;
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.application = menu;
  }

  static getApplicationMenu(): Menu | null {
    return Menu.application;
  }

  append(item: MenuItem): void {
    this.items.push(item);
  }

  insert(position: number, item: MenuItem): void {
    this.items.splice(position, 0, item);
  }

  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }

  popup(): void {
    record(
      "Menu.popup",
      this.items.map((item) => item.label),
    );
  }

  closePopup(): void {
    record("Menu.closePopup");
  }
}
