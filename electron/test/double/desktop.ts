/** What the desktop shows of an app beside its windows: icons in the tray, notifications. */
import { Emitter, recorded } from "./implemented";
import type { Menu } from "./menu";
import { type NativeImage, imageOf } from "./nativeImage";

type TrayKnown = "setToolTip" | "setTitle" | "getTitle" | "destroy" | "isDestroyed";

const trayEvents = [
  "click",
  "double-click",
  "right-click",
  "middle-click",
  "balloon-click",
  "mouse-enter",
  "mouse-leave",
];

export class Tray extends Emitter implements Pick<Electron.Tray, TrayKnown> {
  image: NativeImage;
  menu: Menu | null = null;
  toolTip = "";
  private title = "";
  private destroyed = false;

  constructor(image: NativeImage | string) {
    super("Tray", trayEvents);
    this.image = imageOf(image);
    recorded.trays.push(this);
  }

  setImage(image: NativeImage | string): void {
    this.image = imageOf(image);
  }

  setContextMenu(menu: Menu | null): void {
    this.menu = menu;
  }

  popUpContextMenu(menu?: Menu): void {
    (menu ?? this.menu)?.popup();
  }

  setToolTip(toolTip: string): void {
    this.toolTip = toolTip;
  }

  setTitle(title: string): void {
    this.title = title;
  }

  getTitle(): string {
    return this.title;
  }

  destroy(): void {
    this.destroyed = true;
  }

  isDestroyed(): boolean {
    return this.destroyed;
  }
}

type NotificationKnown = "title" | "subtitle" | "body" | "silent" | "show" | "close";

const notificationEvents = ["show", "click", "close", "reply", "action", "failed"];

export class Notification extends Emitter implements Pick<Electron.Notification, NotificationKnown> {
  title: string;
  subtitle: string;
  body: string;
  silent: boolean;
  actions: Electron.NotificationAction[];

  constructor(readonly options: Electron.NotificationConstructorOptions = {}) {
    super("Notification", notificationEvents);
    const { title = "", subtitle = "", body = "", silent = false, actions = [] } = options;
    this.title = title;
    this.subtitle = subtitle;
    this.body = body;
    this.silent = silent;
    this.actions = actions;
  }

  static isSupported(): boolean {
    return true;
  }

  /** It is listed for specs, which emit its `click`. */
  show(): void {
    recorded.notifications.push(this);
    this.emit("show", {});
  }

  close(): void {
    this.emit("close", {});
  }
}
