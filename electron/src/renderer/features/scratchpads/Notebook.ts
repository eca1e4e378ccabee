/** A notebook that is being edited: all that is done to its cells, here and on the server. */
import type { Cell } from "@/api/types";
import type { CellRunState } from "@/state/cellRun";
import { CellStore } from "./CellStore";
import { Deeds, Later } from "./deeds";
import {
  isActive,
  labelOf,
  newEntry,
  placeAt,
  queued,
  received,
  textOf,
  withCell,
  type Entry,
  type Seed,
} from "./entries";
import { Followed } from "./followed";
import { CellStorage, type NotebookServer } from "./CellStorage";
import { keepUnsaved, withUnsaved } from "./unsaved";

/** Whom the notebook tells. */
export interface NotebookReader {
  /** What the server has is to be fetched anew. */
  renew: () => void;
  failed: (error: unknown) => void;
  /** Cells that were deleted elsewhere while they were being edited here. */
  lost: (deleted: Deleted) => void;
}

export interface Deleted {
  readonly entry: Entry;
  readonly at: number;
}

const AGAIN_AFTER = 3_000;

export class Notebook {
  readonly cells = new CellStore();

  private isFilled = false;
  private readonly storage: CellStorage;
  private readonly deleted: Deleted[] = [];
  private made = 0;
  private readonly deeds: Deeds;
  private readonly later = new Later(() => void this.flush());
  private readonly followed: Followed;

  constructor(
    readonly scratchpadId: string,
    private readonly server: NotebookServer,
    private readonly reader: NotebookReader,
  ) {
    this.storage = new CellStorage(this.cells, server);
    this.deeds = new Deeds(() => reader.renew());
    this.followed = new Followed((id, options) => server.follow(id, options), {
      heard: (key, run) => this.cells.change(key, (entry) => ({ ...entry, run })),
      ended: (key, run) => this.runEnded(key, run),
    });
  }

  /** What the server has. */
  receive(stored: readonly Cell[]): void {
    if (this.deeds.areUnderWay) return;
    const before = this.cells.all();
    let after = received(before, stored, (id) => this.storage.keyFor(id));
    if (!this.isFilled) after = withUnsaved(this.scratchpadId, after);
    this.isFilled = true;
    this.cells.set(after);
    before.forEach((entry, at) => {
      if (entry.draft !== null && !this.cells.entry(entry.key)) this.reader.lost({ entry, at });
    });
    if (this.unsaved().length > 0) this.saveSoon();
    this.attend();
  }

  type(key: string, text: string): void {
    this.cells.change(key, (entry) => ({ ...entry, draft: text }));
    this.saveSoon();
  }

  collapse(key: string): void {
    this.cells.change(key, (entry) => ({ ...entry, isCollapsed: !entry.isCollapsed }));
  }

  /** Takes the other text, or lets it go. */
  settle(key: string, takesOther: boolean): void {
    this.cells.change(key, ({ conflict, draft, ...entry }) => ({
      ...entry,
      conflict: null,
      draft: takesOther && conflict ? conflict.other : draft,
    }));
    this.saveSoon();
  }

  /** Puts a new cell at `at` among the cells, and returns its key. */
  insert(at: number, seed: Seed): string {
    this.made += 1;
    const key = `new-${this.made}`;
    // As it is now: what is done later is done later on the server, too.
    const index = at < this.cells.keys.length ? placeAt(this.cells.all(), at) : null;
    this.cells.set(this.cells.all().toSpliced(at, 0, newEntry(key, seed)));
    void this.save([key], index);
    return key;
  }

  remove(key: string): Deleted | null {
    const at = this.cells.placeOf(key);
    const entry = this.cells.entry(key);
    if (!entry) return null;
    this.cells.set(this.cells.all().toSpliced(at, 1));
    this.withId(key, (id) => this.server.remove(id));
    const deleted = { entry, at };
    this.deleted.push(deleted);
    return deleted;
  }

  /** Puts back the cell that was deleted last, or this one; returns the new cell's key. */
  putBack(deleted: Deleted | undefined = this.deleted.at(-1)): string | null {
    if (!deleted) return null;
    const known = this.deleted.indexOf(deleted);
    if (known >= 0) this.deleted.splice(known, 1);
    const { cell, outputs } = deleted.entry;
    return this.insert(Math.min(deleted.at, this.cells.keys.length), {
      type: cell.type === "markdown" ? "markdown" : "code",
      language: cell.language ?? null,
      text: textOf(deleted.entry),
      outputs,
    });
  }

  move(key: string, away: 1 | -1): void {
    const from = this.cells.placeOf(key);
    const entry = this.cells.entry(key);
    const to = from + away;
    if (!entry || to < 0 || to >= this.cells.keys.length) return;
    this.cells.set(this.cells.all().toSpliced(from, 1).toSpliced(to, 0, entry));
    const index = placeAt(this.cells.all(), to);
    this.withId(key, (id) => this.server.update(id, { index }));
  }

  /** Prose has no output. */
  turnInto(key: string, type: "code" | "markdown", language: string | null): void {
    const before = this.cells.entry(key)?.cell;
    if (!before || (before.type === type && (before.language ?? null) === language)) return;
    this.withId(key, async (id) => {
      await this.storage.ensure(key);
      const cell = await this.server.update(id, { type, ...(language ? { language } : {}) });
      const parts = before.type === type ? {} : { outputs: [], hasOutput: false };
      this.cells.change(key, (entry) => ({ ...withCell(entry, cell), ...parts }));
    });
  }

  /** Runs what is in the editor, unless it runs already. */
  run(key: string): void {
    const entry = this.cells.entry(key);
    if (entry?.cell.type !== "code" || isActive(entry)) return;
    this.withId(key, async (id) => {
      await this.storage.ensure(key);
      const now = this.cells.entry(key);
      if (!now || isActive(now)) return;
      await this.server.start(id);
      const isNext = !this.cells.all().some(isActive);
      this.cells.change(key, (started) => queued(started, isNext));
      this.attend();
    });
  }

  runAll(): void {
    this.do(async () => {
      for (const key of this.unsaved()) await this.storage.ensure(key);
      await this.server.startAll();
    });
  }

  /** Stores what is typed, now. */
  flush(): Promise<void> {
    return this.save(this.unsaved());
  }

  /** The window goes, perhaps for ever: what is typed is sent without waiting, and kept should that fail. */
  leave(): void {
    keepUnsaved(this.scratchpadId, this.cells.all());
    for (const { cell, draft } of this.cells.all()) {
      if (draft === null || cell.id === "" || draft === cell.content) continue;
      void this.server.update(cell.id, { content: draft }, true).catch(() => undefined);
    }
  }

  /** Nobody looks: what runs is read again from its beginning when somebody does. */
  rest(): void {
    this.followed.close();
    for (const { key, run } of this.cells.all()) {
      if (run) this.cells.change(key, (entry) => ({ ...entry, run: null }));
    }
  }

  wake(): void {
    this.attend();
  }

  close(): void {
    void this.flush();
    this.followed.close();
  }

  private unsaved(): string[] {
    const unsaved = this.cells.all().filter(({ draft, cell }) => draft !== null || cell.id === "");
    return unsaved.map(({ key }) => key);
  }

  private saveSoon(): void {
    this.cells.note("saving");
    this.later.touch();
  }

  /** `index`: where the server is to put the one that is new. */
  private async save(keys: readonly string[], index?: number | null): Promise<void> {
    this.later.clear();
    // Where there is none, as after a run, which has stored it, that is said.
    if (keys.length > 0) this.cells.note("saving");
    await this.deeds.add(async () => {
      try {
        for (const key of keys) await this.storage.ensure(key, index);
        if (this.unsaved().length === 0) this.cells.note("saved");
        keepUnsaved(this.scratchpadId, []);
      } catch {
        this.cells.note("failed");
        keepUnsaved(this.scratchpadId, this.cells.all());
        this.later.in(AGAIN_AFTER);
      }
    });
  }

  /** With the server's name of the cell, once it has one; nothing where it was never made. */
  private withId(key: string, deed: (id: string) => Promise<unknown>): void {
    this.do(async () => {
      const id = this.storage.idOf(key);
      if (id !== undefined) await deed(id);
    });
  }

  /** A deed that fails is told of, and what the server has is shown again. */
  private do(deed: () => Promise<void>): void {
    void this.deeds.add(() => deed().catch((error: unknown) => this.reader.failed(error)));
  }

  private attend(): void {
    const order = ({ cell }: Entry) => (cell.status === "running" ? "" : (cell.queued_at ?? ""));
    const active = this.cells.all().filter((entry) => isActive(entry) && entry.cell.id !== "");
    this.followed.attend(active.toSorted((one, other) => order(one).localeCompare(order(other))));
  }

  private runEnded(key: string, run: CellRunState): void {
    this.cells.change(key, (entry) => {
      if (!run.cell) return { ...entry, run: null };
      const { outputs } = run;
      return { ...withCell(entry, run.cell), outputs, hasOutput: outputs.length > 0, run: null };
    });
    const entry = this.cells.entry(key);
    if (entry && run.cell) {
      this.cells.say(labelOf(entry, this.cells.placeOf(key) + 1));
      this.attend();
    }
    this.reader.renew();
  }
}
