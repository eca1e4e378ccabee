/** What the shell remembers, in a file of its own. */
import type { BrowserWindow } from "electron";
import { readRemembered, writeRemembered, type Remembered } from "./windowState";

export class Memory {
  remembered: Remembered;

  constructor(private readonly file: string) {
    this.remembered = readRemembered(file);
  }

  keep(changed: Partial<Remembered>): void {
    this.remembered = { ...this.remembered, ...changed };
    writeRemembered(this.file, this.remembered);
  }

  /** Where a window is, for the next one. */
  keepPlace(window: BrowserWindow): void {
    this.keep({ bounds: window.getNormalBounds(), isMaximized: window.isMaximized() });
  }
}
