/** Where the main window was, and where it is to be now. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What the shell remembers from one start to the next. */
export interface Remembered {
  bounds?: Rectangle;
  isMaximized?: boolean;
  /** Closing the last window does not end the app: schedules go on. */
  keepsRunning: boolean;
  /** The user was told of that. */
  wasTold: boolean;
  /** The server's last one: what a page keeps in the browser is kept for one port. */
  port?: number;
}

const DEFAULT: Remembered = { keepsRunning: true, wasTold: false };
const SIZE = { width: 1280, height: 840 };
export const SMALLEST = { width: 360, height: 480 };
/** Of a window's upper edge so much must be on a screen, that it can be taken hold of. */
const GRIP = { width: 100, height: 30 };

export function readRemembered(file: string): Remembered {
  try {
    const read: unknown = JSON.parse(readFileSync(file, "utf8"));
    return sound(read);
  } catch {
    return DEFAULT;
  }
}

/** Whole or not at all. A full disk costs what was to be remembered. */
export function writeRemembered(file: string, remembered: Remembered): void {
  try {
    writeFileSync(`${file}.new`, JSON.stringify(remembered));
    renameSync(`${file}.new`, file);
  } catch {
    return;
  }
}

/** What of it can be believed. */
export function sound(read: unknown): Remembered {
  if (typeof read !== "object" || read === null) return DEFAULT;
  const { bounds, isMaximized, keepsRunning, wasTold, port } = read as Record<string, unknown>;
  return {
    ...(isRectangle(bounds) && { bounds }),
    isMaximized: isMaximized === true,
    keepsRunning: keepsRunning !== false,
    wasTold: wasTold === true,
    ...(isPort(port) && { port }),
  };
}

/** Where it was, if that can still be seen; else in the middle, and no larger than the screen. */
export function placement(was: Rectangle | undefined, screens: readonly Rectangle[]): Partial<Rectangle> {
  const width = Math.max(SMALLEST.width, was?.width ?? SIZE.width);
  const height = Math.max(SMALLEST.height, was?.height ?? SIZE.height);
  if (was && screens.some((screen) => isHeld(was, screen))) return { x: was.x, y: was.y, width, height };
  const main = screens[0] ?? { x: 0, y: 0, ...SIZE };
  return { width: Math.min(width, main.width), height: Math.min(height, main.height) };
}

function isHeld(at: Rectangle, screen: Rectangle): boolean {
  const width = Math.min(at.x + at.width, screen.x + screen.width) - Math.max(at.x, screen.x);
  return width >= GRIP.width && at.y >= screen.y && at.y + GRIP.height <= screen.y + screen.height;
}

function isRectangle(value: unknown): value is Rectangle {
  if (typeof value !== "object" || value === null) return false;
  const { x, y, width, height } = value as Record<string, unknown>;
  return [x, y, width, height].every(
    (number) => Number.isInteger(number) && Math.abs(Number(number)) < 100_000,
  );
}

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
