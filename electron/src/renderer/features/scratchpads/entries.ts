/** The cells of a notebook as one window has them: what the server has stored, and what is typed here; pure. */
import type { Cell, Output } from "@/api/types";
import type { CellRunState } from "@/state/cellRun";

export interface Entry {
  /** The same for as long as the window shows it, also before the server has given the cell an id. */
  readonly key: string;
  /** As the server has it; its `id` is "" until it is made there. */
  readonly cell: Cell;
  /** Of the last run, or of the one before while a run waits. */
  readonly outputs: readonly Output[];
  /** Whether the server has an output cell behind it, which counts in the places of those that follow. */
  readonly hasOutput: boolean;
  /** What is in the editor and not stored yet. */
  readonly draft: string | null;
  readonly conflict: Conflict | null;
  /** The run that is followed. */
  readonly run: CellRunState | null;
  readonly isCollapsed: boolean;
}

/** Two texts where there should be one. */
export interface Conflict {
  /** The one that is not shown. */
  readonly other: string;
  /** `theirs`: it comes from elsewhere; `ours`: it was typed here before, and could not be saved. */
  readonly whose: "theirs" | "ours";
}

/** What a new cell begins with. */
export interface Seed {
  type: "code" | "markdown";
  language?: string | null;
  text?: string;
  outputs?: readonly Output[];
}

/** What the server has, and an Output cell apart from its code. */
interface Stored {
  cell: Cell;
  output: Cell | null;
}

export function newEntry(key: string, { type, language, text = "", outputs = [] }: Seed): Entry {
  const cell: Cell = {
    id: "",
    type,
    content: text,
    language: type === "code" ? (language ?? "python") : null,
    status: type === "code" ? "pending" : "success",
    error: null,
    index: -1,
  };
  return { ...UNTOUCHED, key, cell, outputs };
}

const UNTOUCHED = {
  outputs: [],
  hasOutput: false,
  draft: null,
  conflict: null,
  run: null,
  isCollapsed: false,
} as const;

export const textOf = (entry: Entry): string => entry.draft ?? entry.cell.content;

export const outputsOf = (entry: Entry): readonly Output[] =>
  entry.run?.runId == null ? entry.outputs : entry.run.outputs;

/** It runs, or waits to. */
export const isActive = (entry: Entry): boolean => entry.cell.status === "running" || isQueued(entry);

export const isQueued = ({ cell }: Entry): boolean => cell.status === "pending" && cell.queued_at != null;

/** The entries that the server's cells come to: those that are known keep their keys, and what is typed in them. */
export function received(
  before: readonly Entry[],
  cells: readonly Cell[],
  keyOf: (id: string) => string,
): readonly Entry[] {
  const known = new Map(before.map((entry) => [entry.key, entry]));
  const after = paired(cells).map((stored) => {
    const key = keyOf(stored.cell.id);
    const entry = known.get(key);
    return entry ? taken(entry, stored) : { ...UNTOUCHED, key, ...partsOf(stored) };
  });
  // Those that the server could not make yet stay where they are.
  before.forEach((entry, at) => {
    if (entry.cell.id !== "") return;
    const above = before[at - 1];
    after.splice(above ? after.findIndex(({ key }) => key === above.key) + 1 : 0, 0, entry);
  });
  const isSame = after.length === before.length && after.every((entry, at) => entry === before[at]);
  return isSame ? before : after;
}

function paired(cells: readonly Cell[]): Stored[] {
  const found: Stored[] = [];
  for (const cell of cells) {
    const above = found.at(-1);
    if (cell.type !== "output") found.push({ cell, output: null });
    else if (above) above.output = cell;
  }
  return found;
}

const NOTHING: readonly Output[] = [];

const partsOf = ({ cell, output }: Stored) => ({
  cell,
  outputs: output?.outputs ?? NOTHING,
  hasOutput: output !== null,
});

function taken(entry: Entry, stored: Stored): Entry {
  const parts = partsOf(stored);
  const isSame =
    parts.cell === entry.cell && parts.outputs === entry.outputs && parts.hasOutput === entry.hasOutput;
  return isSame
    ? entry
    : { ...withCell(entry, parts.cell), outputs: parts.outputs, hasOutput: parts.hasOutput };
}

/** The entry with the cell as it is stored now. What is typed here stays, and if both have changed the other is kept aside. */
export function withCell(entry: Entry, cell: Cell): Entry {
  const { draft } = entry;
  if (draft === null || cell.content === entry.cell.content) return { ...entry, cell };
  if (draft === cell.content) return { ...entry, cell, draft: null };
  return { ...entry, cell, conflict: { other: cell.content, whose: "theirs" } };
}

/** The run of the cell has been asked for, and begins at once where nothing is before it. */
export function queued(entry: Entry, isNext: boolean): Entry {
  const now = new Date().toISOString();
  const cell = { ...entry.cell, queued_at: now, error: null, status: "pending" as const };
  if (!isNext) return { ...entry, cell, isCollapsed: false };
  const running = { ...cell, status: "running" as const, started_at: now, execution_count: null };
  return { ...entry, cell: running, outputs: NOTHING, hasOutput: false, isCollapsed: false };
}

/** Where the server would put what stands at `at` among these: output cells have places, too. */
export function placeAt(entries: readonly Entry[], at: number): number {
  return entries.slice(0, at).reduce((places, entry) => places + (hasOutputNow(entry) ? 2 : 1), 0);
}

const hasOutputNow = ({ run, hasOutput }: Entry): boolean =>
  run?.runId == null ? hasOutput : run.outputs.length > 0;

/** "Code cell 3, executed 5, success": what a screen reader says of it. */
export function labelOf(entry: Entry, place: number): string {
  const { cell } = entry;
  if (cell.type !== "code") return `Markdown cell ${place}`;
  const name = `${cell.language === "sql" ? "SQL" : "Code"} cell ${place}`;
  if (isQueued(entry)) return `${name}, queued`;
  if (cell.status === "running") return `${name}, running`;
  const executed = cell.execution_count == null ? "" : `, executed ${cell.execution_count}`;
  return cell.status === "pending" ? `${name}, not run` : `${name}${executed}, ${cell.status}`;
}
