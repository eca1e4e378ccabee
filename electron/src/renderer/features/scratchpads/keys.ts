/** Command mode: what a key does to the cell that is chosen, as in Jupyter. */

export type Deed =
  | "above"
  | "below"
  | "code"
  | "copy"
  | "cut"
  | "delete"
  | "edit"
  | "first"
  | "help"
  | "interrupt"
  | "last"
  | "leave"
  | "markdown"
  | "moveDown"
  | "moveUp"
  | "next"
  | "output"
  | "paste"
  | "pasteAbove"
  | "previous"
  | "restart"
  | "run"
  | "runBelow"
  | "runNext"
  | "undo";

export interface KeyPress {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  timeStamp: number;
}

const PLAIN: Readonly<Record<string, Deed>> = {
  a: "above",
  b: "below",
  c: "copy",
  h: "help",
  j: "next",
  k: "previous",
  m: "markdown",
  o: "output",
  v: "paste",
  x: "cut",
  y: "code",
  z: "undo",
  "?": "help",
  ArrowDown: "next",
  ArrowUp: "previous",
  Home: "first",
  End: "last",
  Enter: "edit",
};

const TWICE: Readonly<Record<string, Deed>> = { d: "delete", i: "interrupt", "0": "restart" };
const LONGEST_BETWEEN = 1_000;

/** Reads one key after another: of some it takes two. */
export class CommandKeys {
  private first: { key: string; at: number } | null = null;

  /** "waits": the key is the first of two. Null: it is none of ours. */
  read(press: KeyPress): Deed | "waits" | null {
    const { first } = this;
    this.first = null;
    const isMod = press.ctrlKey || press.metaKey;
    if (press.key === "Enter" && (isMod || press.shiftKey || press.altKey)) return ofEnter(press);
    if (isMod && press.shiftKey) return ofArrow(press.key);
    if (isMod || press.altKey) return null;
    const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
    if (press.shiftKey && key !== "?") return key === "v" ? "pasteAbove" : null;
    const twice = TWICE[key];
    if (!twice) return PLAIN[key] ?? null;
    if (first?.key === key && press.timeStamp - first.at <= LONGEST_BETWEEN) return twice;
    this.first = { key, at: press.timeStamp };
    return "waits";
  }
}

function ofEnter({ shiftKey, altKey }: KeyPress): Deed {
  if (altKey) return "runBelow";
  return shiftKey ? "runNext" : "run";
}

function ofArrow(key: string): Deed | null {
  if (key === "ArrowUp") return "moveUp";
  return key === "ArrowDown" ? "moveDown" : null;
}

/** The list that "?" shows. */
export const SHORTCUTS: readonly {
  title: string;
  keys: readonly { keys: readonly string[]; does: string }[];
}[] = [
  {
    title: "Everywhere in a cell",
    keys: [
      { keys: ["shift+enter"], does: "Run, and move on" },
      { keys: ["mod+enter"], does: "Run" },
      { keys: ["alt+enter"], does: "Run, and add a cell below" },
    ],
  },
  {
    title: "While you edit",
    keys: [
      { keys: ["Esc"], does: "Leave the text; Tab goes on from there" },
      { keys: ["Tab"], does: "Complete, or indent at the start of a line" },
      { keys: ["shift+Tab"], does: "Indent less" },
      { keys: ["mod+/"], does: "Comment or uncomment" },
      { keys: ["mod+z"], does: "Undo typing" },
    ],
  },
  {
    title: "With a cell chosen",
    keys: [
      { keys: ["enter"], does: "Edit it" },
      { keys: ["↑", "↓"], does: "Choose the cell above or below; K and J do it, too" },
      { keys: ["a", "b"], does: "Add a cell above or below" },
      { keys: ["d", "d"], does: "Delete it (press twice)" },
      { keys: ["z"], does: "Put back what was deleted" },
      { keys: ["m", "y"], does: "Make it markdown, or code" },
      { keys: ["x", "c", "v"], does: "Cut, copy, paste below" },
      { keys: ["mod+shift+↑", "↓"], does: "Move it up or down" },
      { keys: ["o"], does: "Hide or show its output" },
      { keys: ["i", "i"], does: "Interrupt what runs (press twice)" },
      { keys: ["0", "0"], does: "Restart the kernel (press twice)" },
      { keys: ["?"], does: "This list" },
    ],
  },
];
