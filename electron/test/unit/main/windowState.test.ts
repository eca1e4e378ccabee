// @vitest-environment node
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { BrowserWindow } from "electron";
import { Memory } from "../../../src/main/memory";
import {
  placement,
  readRemembered,
  SMALLEST,
  sound,
  writeRemembered,
  type Rectangle,
  type Remembered,
} from "../../../src/main/windowState";
import { temporaryFolder } from "./temporary";

const at = (x: number, y: number, width = 1000, height = 700): Rectangle => ({ x, y, width, height });
const NOTHING: Remembered = { isMaximized: false, keepsRunning: true, wasTold: false };
const ALL: Remembered = {
  bounds: at(-10, 20),
  isMaximized: true,
  keepsRunning: false,
  wasTold: true,
  port: 4321,
};

describe("where a window is put", () => {
  const screen = at(0, 25, 1920, 1055);
  const left = at(-1280, 0, 1280, 1024);
  const middle = { width: 1000, height: 700 };

  it.each<[string, Rectangle | undefined, Rectangle[], Partial<Rectangle>]>([
    ["where it was", at(100, 100), [screen], at(100, 100)],
    ["on the second screen", at(-1200, 50), [screen, left], at(-1200, 50)],
    ["half outside, but to be taken hold of", at(1820, 100), [screen], at(1820, 100)],
    ["across two screens", at(-500, 30), [screen, left], at(-500, 30)],
    ["in the middle: that screen is gone", at(-1200, 50), [screen], middle],
    ["in the middle: too little is to be seen", at(1821, 100), [screen], middle],
    ["in the middle: its upper edge is above", at(100, 24), [screen], middle],
    ["in the middle: its upper edge is below", at(100, 1051), [screen], middle],
    ["in the middle: it was left of all", at(-901, 100), [screen], middle],
    ["in the middle, when it was nowhere", undefined, [screen], { width: 1280, height: 840 }],
    ["no larger than the screen", undefined, [at(0, 0, 1024, 600)], { width: 1024, height: 600 }],
    [
      "no larger than the screen that is left",
      at(9000, 0, 3000, 2000),
      [screen],
      { width: 1920, height: 1055 },
    ],
    ["no smaller than is of use", at(100, 100, 100, 10), [screen], { ...at(100, 100), ...SMALLEST }],
    ["somewhere, where no screen is known", at(0, 0), [], { width: 1000, height: 700 }],
  ])("%s", (_, was, screens, want) => expect(placement(was, screens)).toEqual(want));
});

describe("what is remembered", () => {
  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a text", "x"],
    ["a number", 5],
    ["a list", [1, 2]],
    ["an empty object", {}],
    ["other names", { x: 1, KeepsRunning: false }],
    ["other types", { bounds: 1, isMaximized: "yes", keepsRunning: "no", wasTold: 1, port: "4321" }],
    ["too little of a place", { bounds: { x: 1, y: 2, width: 3 } }],
    ["a place of texts", { bounds: { x: "1", y: "2", width: "3", height: "4" } }],
    ["a place that is no number", { bounds: at(NaN, 0) }],
    ["a place that is between numbers", { bounds: at(0.5, 0) }],
    ["a place without end", { bounds: at(0, 0, Infinity) }],
    ["a place that is far away", { bounds: at(100_000, 0) }],
    ["a port that is none", { port: 65_536 }],
    ["a port below all", { port: -1 }],
    ["half a port", { port: 80.5 }],
  ])("is as at first where %s was read", (_, read) => {
    expect({ ...NOTHING, ...sound(read) }).toEqual(NOTHING);
  });

  it("keeps what is sound of what is not", () => {
    expect(sound({ ...ALL, bounds: null, port: {} })).toEqual({
      isMaximized: true,
      keepsRunning: false,
      wasTold: true,
    });
  });

  it("is read as it was written", () => {
    const file = join(temporaryFolder(), "shell.json");
    writeRemembered(file, ALL);
    expect(readRemembered(file)).toEqual(ALL);
    writeRemembered(file, NOTHING);
    expect(readRemembered(file)).toEqual(NOTHING);
  });

  it.each(["", "{", "null", "\0\0\0", '{"bounds":', "[]"])("is as at first where the file is %j", (text) => {
    const file = join(temporaryFolder(), "shell.json");
    writeFileSync(file, text);
    expect({ ...NOTHING, ...readRemembered(file) }).toEqual(NOTHING);
  });

  it("is written whole or not at all", () => {
    const folder = temporaryFolder();
    const file = join(folder, "shell.json");
    writeRemembered(file, ALL);
    expect(readdirSync(folder)).toEqual(["shell.json"]);
    const before = readFileSync(file, "utf8");
    const cannotBeWritten = { ...ALL, port: 1n } as unknown as Remembered;
    writeRemembered(file, cannotBeWritten);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("is lost, and nothing else, where the folder cannot be written to", () => {
    const missing = join(temporaryFolder(), "no", "shell.json");
    writeRemembered(missing, ALL);
    expect(existsSync(missing)).toBe(false);
    expect({ ...NOTHING, ...readRemembered(missing) }).toEqual(NOTHING);
    const folder = join(temporaryFolder(), "shell.json");
    mkdirSync(folder);
    writeRemembered(folder, ALL);
    expect(readRemembered(folder)).toEqual({ keepsRunning: true, wasTold: false });
  });
});

describe("the shell's memory", () => {
  it("keeps what has changed beside what was there, over a restart", () => {
    const file = join(temporaryFolder(), "shell.json");
    new Memory(file).keep({ keepsRunning: false });
    const memory = new Memory(file);
    memory.keep({ wasTold: true });
    expect(memory.remembered).toEqual({ ...NOTHING, keepsRunning: false, wasTold: true });
    expect(new Memory(file).remembered).toEqual(memory.remembered);
  });

  it("keeps where a window is when it is not maximized, and that it is", () => {
    const memory = new Memory(join(temporaryFolder(), "shell.json"));
    const window = { getNormalBounds: () => at(1, 2), isMaximized: () => true };
    memory.keepPlace(window as unknown as BrowserWindow);
    expect(memory.remembered).toMatchObject({ bounds: at(1, 2), isMaximized: true });
  });

  it("goes on where nothing can be written", () => {
    const memory = new Memory(join(temporaryFolder(), "no", "shell.json"));
    memory.keep({ wasTold: true });
    expect(memory.remembered.wasTold).toBe(true);
  });
});
