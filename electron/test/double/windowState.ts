/** Where a window is and how it shows; a headless Chromium has no desktop, so the double keeps it. */
import { Emitter } from "./implemented";
import { running } from "./running";
import type { BrowserWindow } from "./browserWindow";

type Known =
  | "show"
  | "showInactive"
  | "hide"
  | "isVisible"
  | "focus"
  | "blur"
  | "isFocused"
  | "minimize"
  | "isMinimized"
  | "restore"
  | "maximize"
  | "unmaximize"
  | "isMaximized"
  | "setFullScreen"
  | "isFullScreen"
  | "isNormal"
  | "getBounds"
  | "getNormalBounds"
  | "setBounds"
  | "getSize"
  | "setSize"
  | "getPosition"
  | "setPosition"
  | "center"
  | "moveTop";

type Shape = "normal" | "minimized" | "maximized" | "full screen";

export abstract class WindowState extends Emitter implements Pick<Electron.BrowserWindow, Known> {
  private visible = false;
  private shape: Shape = "normal";
  private before: Shape = "normal";
  private bounds: Electron.Rectangle;

  constructor(events: readonly string[], options: Electron.BrowserWindowConstructorOptions) {
    super("BrowserWindow", events);
    const { width = 800, height = 600, x = 0, y = 0 } = options;
    this.bounds = { x, y, width, height };
  }

  abstract takesBounds(bounds: Electron.Rectangle): void;

  show(): void {
    this.showInactive();
    this.focus();
  }

  showInactive(): void {
    if (this.visible) return;
    this.visible = true;
    this.emit("show");
  }

  hide(): void {
    if (!this.visible) return;
    this.blur();
    this.visible = false;
    this.emit("hide");
  }

  isVisible(): boolean {
    return this.visible;
  }

  focus(): void {
    if (!this.visible || this.isFocused()) return;
    running.focused?.blur();
    running.focused = this.self();
    this.emit("focus");
  }

  blur(): void {
    if (!this.isFocused()) return;
    running.focused = null;
    this.emit("blur");
  }

  isFocused(): boolean {
    return running.focused === this.self();
  }

  minimize(): void {
    if (!this.becomes("minimized", "minimize")) return;
    this.blur();
  }

  isMinimized(): boolean {
    return this.shape === "minimized";
  }

  restore(): void {
    if (!this.isMinimized()) {
      this.unmaximize();
      return;
    }
    this.shape = this.before;
    this.emit("restore");
    this.show();
  }

  maximize(): void {
    this.show();
    this.becomes("maximized", "maximize");
  }

  unmaximize(): void {
    if (this.isMaximized()) this.becomes("normal", "unmaximize");
  }

  isMaximized(): boolean {
    return this.shape === "maximized";
  }

  setFullScreen(full: boolean): void {
    if (full) this.becomes("full screen", "enter-full-screen");
    else if (this.isFullScreen()) this.becomes(this.before, "leave-full-screen");
  }

  isFullScreen(): boolean {
    return this.shape === "full screen";
  }

  isNormal(): boolean {
    return this.shape === "normal";
  }

  getBounds(): Electron.Rectangle {
    const full = this.isMaximized() || this.isFullScreen();
    return full ? { x: 0, y: 0, width: 1920, height: 1080 } : this.getNormalBounds();
  }

  getNormalBounds(): Electron.Rectangle {
    return { ...this.bounds };
  }

  setBounds(bounds: Partial<Electron.Rectangle>): void {
    const { x, y, width, height } = this.bounds;
    this.bounds = { ...this.bounds, ...bounds };
    this.takesBounds(this.getBounds());
    if (this.bounds.width !== width || this.bounds.height !== height) this.emit("resize");
    if (this.bounds.x !== x || this.bounds.y !== y) this.emit("move");
  }

  getSize(): number[] {
    return [this.bounds.width, this.bounds.height];
  }

  setSize(width: number, height: number): void {
    this.setBounds({ width, height });
  }

  getPosition(): number[] {
    return [this.bounds.x, this.bounds.y];
  }

  setPosition(x: number, y: number): void {
    this.setBounds({ x, y });
  }

  center(): void {
    const { width, height } = this.bounds;
    this.setPosition(Math.round((1920 - width) / 2), Math.round((1080 - height) / 2));
  }

  moveTop(): void {
    // Nothing covers a window that is never drawn on a desktop.
  }

  private becomes(shape: Shape, event: string): boolean {
    if (this.shape === shape) return false;
    this.before = this.shape;
    this.shape = shape;
    this.takesBounds(this.getBounds());
    this.emit(event);
    if (event !== "minimize") this.emit("resize");
    return true;
  }

  private self(): BrowserWindow {
    return this as unknown as BrowserWindow;
  }
}
