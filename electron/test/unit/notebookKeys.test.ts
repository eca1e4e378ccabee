import { describe, expect, it } from "vitest";
import { CommandKeys, type KeyPress } from "@/features/scratchpads/keys";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  timeStamp: 0,
  ...more,
});

const read = (...presses: KeyPress[]) => {
  const keys = new CommandKeys();
  return presses.map((one) => keys.read(one));
};

describe("a key in command mode", () => {
  it.each([
    ["a", "above"],
    ["b", "below"],
    ["m", "markdown"],
    ["y", "code"],
    ["j", "next"],
    ["k", "previous"],
    ["ArrowDown", "next"],
    ["ArrowUp", "previous"],
    ["x", "cut"],
    ["c", "copy"],
    ["v", "paste"],
    ["z", "undo"],
    ["o", "output"],
    ["h", "help"],
    ["?", "help"],
    ["Enter", "edit"],
    ["q", null],
    ["Tab", null],
  ])("%s does %s", (key, deed) => {
    expect(read(press(key))).toEqual([deed]);
  });

  it("takes capitals as a locked keyboard sends them", () => {
    expect(read(press("A"))).toEqual(["above"]);
  });

  it("runs by Enter with a modifier", () => {
    expect(
      read(
        press("Enter", { shiftKey: true }),
        press("Enter", { ctrlKey: true }),
        press("Enter", { metaKey: true }),
        press("Enter", { altKey: true }),
      ),
    ).toEqual(["runNext", "run", "run", "runBelow"]);
  });

  it("moves a cell by the arrows with Ctrl or ⌘ and Shift", () => {
    const held = { ctrlKey: true, shiftKey: true };
    expect(read(press("ArrowUp", held), press("ArrowDown", held))).toEqual(["moveUp", "moveDown"]);
  });

  it("leaves what has Ctrl, ⌘ or Alt to the browser and to the app", () => {
    expect(
      read(press("c", { ctrlKey: true }), press("v", { metaKey: true }), press("a", { altKey: true })),
    ).toEqual([null, null, null]);
  });

  it("deletes only where D is pressed twice, one after the other", () => {
    expect(read(press("d"), press("d"))).toEqual(["waits", "delete"]);
    expect(read(press("d"), press("j"), press("d"))).toEqual(["waits", "next", "waits"]);
    expect(read(press("d"), press("d", { timeStamp: 1_500 }))).toEqual(["waits", "waits"]);
    expect(read(press("d"), press("d"), press("d"))).toEqual(["waits", "delete", "waits"]);
  });

  it("interrupts and restarts by two presses, too", () => {
    expect(read(press("i"), press("i"), press("0"), press("0"))).toEqual([
      "waits",
      "interrupt",
      "waits",
      "restart",
    ]);
  });
});
