/** The cells that a window shows, in order, and which of them is chosen: state that components subscribe to, piece by piece. */
import type { Entry } from "./entries";

export type Saving = "saved" | "saving" | "failed";
export type Mode = "command" | "edit";

/** Asks a cell to take the focus. */
export interface FocusAsk {
  readonly key: string;
  readonly mode: Mode;
  readonly place?: "start" | "end" | undefined;
}

export class CellStore {
  keys: readonly string[] = [];
  chosen: string | null = null;
  isEditing = false;
  ask: FocusAsk | null = null;
  saving: Saving = "saved";
  /** What a screen reader is told. */
  said = "";

  private entries: readonly Entry[] = [];
  private places = new Map<string, number>();
  private readonly readers = new Set<() => void>();

  subscribe = (reader: () => void): (() => void) => {
    this.readers.add(reader);
    return () => this.readers.delete(reader);
  };

  all(): readonly Entry[] {
    return this.entries;
  }

  /** From 0; -1 where it is gone. */
  placeOf(key: string): number {
    return this.places.get(key) ?? -1;
  }

  entry(key: string): Entry | undefined {
    return this.entries[this.placeOf(key)];
  }

  /** The cell so many places away, or the last on the way. */
  near(key: string, away: number): string | undefined {
    return this.keys[Math.max(0, Math.min(this.placeOf(key) + away, this.keys.length - 1))];
  }

  set(entries: readonly Entry[]): void {
    if (entries === this.entries) return;
    this.entries = entries;
    const keys = entries.map(({ key }) => key);
    if (keys.length !== this.keys.length || keys.some((key, at) => key !== this.keys[at])) this.reorder(keys);
    this.tell();
  }

  change(key: string, changed: (entry: Entry) => Entry): void {
    const at = this.placeOf(key);
    const entry = this.entries[at];
    if (entry) this.set(this.entries.with(at, changed(entry)));
  }

  choose(key: string, mode: Mode = "command"): void {
    if (this.chosen === key && this.isEditing === (mode === "edit")) return;
    this.chosen = key;
    this.isEditing = mode === "edit";
    this.tell();
  }

  /** Chooses the cell and moves the focus to it. */
  focus(key: string, mode: Mode, place?: "start" | "end"): void {
    this.ask = { key, mode, place };
    this.chosen = key;
    this.isEditing = mode === "edit";
    this.tell();
  }

  note(saving: Saving): void {
    if (this.saving === saving) return;
    this.saving = saving;
    this.tell();
  }

  say(words: string): void {
    this.said = words;
    this.tell();
  }

  /** Where the chosen cell has gone, its neighbour is chosen. */
  private reorder(keys: readonly string[]): void {
    const places = new Map(keys.map((key, at) => [key, at]));
    if (this.chosen === null || !places.has(this.chosen)) {
      const at = this.chosen === null ? 0 : this.placeOf(this.chosen);
      this.chosen = keys[Math.min(at, keys.length - 1)] ?? null;
      this.isEditing = false;
    }
    this.keys = keys;
    this.places = places;
  }

  private tell(): void {
    this.readers.forEach((reader) => reader());
  }
}
