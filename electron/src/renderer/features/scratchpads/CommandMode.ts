/** What each deed of command mode does, and where the focus goes then. */
import { readStored, writeStored } from "@/hooks/useStored";
import { textOf, type Seed } from "./entries";
import type { Deed } from "./keys";
import type { Deleted, Notebook } from "./Notebook";

/** What is no deed of the cells alone. */
export interface Around {
  interrupt: () => void;
  restart: () => void;
  help: () => void;
  /** Offers to put it back. */
  removed: (deleted: Deleted) => void;
}

const COPIED = "cowork.cells.copied";

export class CommandMode {
  private around: Around | null = null;

  constructor(private readonly notebook: Notebook) {}

  attach(around: Around): void {
    this.around = around;
  }

  perform = (deed: Deed, key: string): void => {
    this.deeds[deed](key);
  };

  private readonly deeds: Record<Deed, (key: string) => void> = {
    above: (key) => this.choose(this.add(this.place(key))),
    below: (key) => this.choose(this.add(this.place(key) + 1)),
    code: (key) => this.turnInto(key, "code"),
    markdown: (key) => this.turnInto(key, "markdown"),
    copy: (key) => {
      this.copy(key);
      this.choose(key);
    },
    cut: (key) => {
      this.copy(key);
      this.remove(key);
    },
    delete: (key) => this.remove(key),
    edit: (key) => this.cells.focus(key, "edit"),
    leave: (key) => this.choose(key),
    first: () => this.choose(this.cells.keys[0]),
    last: () => this.choose(this.cells.keys.at(-1)),
    next: (key) => this.choose(this.cells.near(key, 1)),
    previous: (key) => this.choose(this.cells.near(key, -1)),
    moveUp: (key) => this.move(key, -1),
    moveDown: (key) => this.move(key, 1),
    output: (key) => this.notebook.collapse(key),
    paste: (key) => this.choose(this.paste(this.place(key) + 1) ?? key),
    pasteAbove: (key) => this.choose(this.paste(this.place(key)) ?? key),
    run: (key) => {
      this.notebook.run(key);
      this.choose(key);
    },
    runNext: (key) => {
      this.notebook.run(key);
      const next = this.cells.keys[this.place(key) + 1];
      if (next) this.choose(next);
      else this.cells.focus(this.add(this.cells.keys.length), "edit");
    },
    runBelow: (key) => {
      this.notebook.run(key);
      this.cells.focus(this.add(this.place(key) + 1), "edit");
    },
    undo: () => this.choose(this.notebook.putBack()),
    interrupt: () => this.around?.interrupt(),
    restart: () => this.around?.restart(),
    help: () => this.around?.help(),
  };

  private get cells() {
    return this.notebook.cells;
  }

  private place(key: string): number {
    return this.cells.placeOf(key);
  }

  private add(place: number, seed: Seed = { type: "code" }): string {
    return this.notebook.insert(place, seed);
  }

  private choose(key: string | null | undefined): void {
    if (key != null) this.cells.focus(key, "command");
  }

  private turnInto(key: string, type: "code" | "markdown"): void {
    this.notebook.turnInto(key, type, type === "code" ? "python" : null);
    this.choose(key);
  }

  private move(key: string, away: 1 | -1): void {
    this.notebook.move(key, away);
    this.choose(key);
  }

  private remove(key: string): void {
    const deleted = this.notebook.remove(key);
    if (!deleted) return;
    this.around?.removed(deleted);
    this.choose(this.cells.chosen);
  }

  /** In this browser, so that it can be pasted into another notebook. */
  private copy(key: string): void {
    const entry = this.cells.entry(key);
    if (!entry) return;
    const { type, language } = entry.cell;
    const kind = type === "markdown" ? "markdown" : "code";
    writeStored(COPIED, { type: kind, language: language ?? null, text: textOf(entry) } satisfies Seed);
  }

  private paste(place: number): string | null {
    const copied = readStored<Seed | null>(COPIED, null);
    return copied && this.add(place, copied);
  }
}
