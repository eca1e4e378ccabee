/** Puts cells that were made and typed here into the server's hands, and knows both sides' names of them. */
import type { ReadOptions } from "@/api/events";
import type { Cell, CellCreate, CellEvent, CellPatch } from "@/api/types";
import type { CellStore } from "./CellStore";
import { placeAt, type Entry } from "./entries";

export interface NotebookServer {
  create: (body: CellCreate) => Promise<Cell>;
  /** `isLast`: the window closes. */
  update: (id: string, body: CellPatch, isLast?: boolean) => Promise<Cell>;
  remove: (id: string) => Promise<void>;
  start: (id: string) => Promise<void>;
  startAll: () => Promise<unknown>;
  follow: (id: string, options: ReadOptions<CellEvent>) => Promise<void>;
}

export class CellStorage {
  private readonly ids = new Map<string, string>();
  private readonly keys = new Map<string, string>();

  constructor(
    private readonly cells: CellStore,
    private readonly server: NotebookServer,
  ) {}

  /** The server's name of a cell, if it ever had it. */
  idOf(key: string): string | undefined {
    return this.ids.get(key);
  }

  /** Our name of one of the server's cells. */
  keyFor(id: string): string {
    const key = this.keys.get(id) ?? id;
    this.ids.set(key, id);
    return key;
  }

  /** The server has the cell, with what is typed in it. `index`: where it is to be put if it is new; null: at the end. */
  async ensure(key: string, index?: number | null): Promise<void> {
    const entry = this.cells.entry(key);
    if (!entry) return;
    const { cell, draft } = entry;
    if (cell.id === "") await this.make(entry, index === undefined ? this.placeNow(key) : index);
    else if (draft === cell.content) this.stored(key, cell, draft);
    else if (draft !== null) this.stored(key, await this.server.update(cell.id, { content: draft }), draft);
  }

  /** Of a cell that could not be made when it should have been. */
  private placeNow(key: string): number {
    const all = this.cells.all().filter((entry) => entry.cell.id !== "" || entry.key === key);
    return placeAt(
      all,
      all.findIndex((entry) => entry.key === key),
    );
  }

  private async make({ key, cell, outputs, draft }: Entry, index: number | null): Promise<void> {
    const text = draft ?? cell.content;
    const made = await this.server.create({
      type: cell.type,
      content: text,
      ...(cell.language ? { language: cell.language } : {}),
      ...(index === null ? {} : { index }),
    });
    this.ids.set(key, made.id);
    this.keys.set(made.id, key);
    this.stored(key, made, text);
    if (outputs.length === 0) return;
    await this.server.create({ type: "output", outputs: [...outputs], index: made.index + 1 });
    this.cells.change(key, (entry) => ({ ...entry, hasOutput: true }));
  }

  private stored(key: string, cell: Cell, text: string): void {
    this.cells.change(key, (entry) => ({
      ...entry,
      cell,
      draft: entry.draft === text ? null : entry.draft,
    }));
  }
}
