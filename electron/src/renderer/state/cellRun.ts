/** What a run of a cell has put out so far: its events folded, as the server folds the kernel's messages. */
import type { Cell, CellEvent, Output } from "@/api/types";
import { EMPTY, shown, written, type StreamText } from "./streamText";

export interface CellRunState {
  /** Null before the first event. */
  readonly runId: string | null;
  readonly status: "running" | "success" | "error";
  /** In the order of arrival. What an event does not touch keeps its identity. */
  readonly outputs: readonly Output[];
  /** How those of the outputs go on that are streams, at the same places. */
  readonly streams: readonly (StreamText | undefined)[];
  /** The code cell as it was stored at the end of the run; null until then. */
  readonly cell: Cell | null;
  /** Of the last event; -1 before the first. */
  readonly sequenceNumber: number;
}

export const INITIAL_RUN: CellRunState = {
  runId: null,
  status: "running",
  outputs: [],
  streams: [],
  cell: null,
  sequenceNumber: -1,
};

type Draft = { -readonly [Name in keyof CellRunState]: CellRunState[Name] };

/** The state after these events, in their order. Events that it has seen change nothing; those of another run begin anew. */
export function reduceCellRun(state: CellRunState, events: readonly CellEvent[]): CellRunState {
  let before = state;
  let draft: Draft | null = null;
  for (const event of events) {
    if (event.run_id !== (draft ?? before).runId) {
      before = INITIAL_RUN;
      draft = { ...INITIAL_RUN, runId: event.run_id };
    } else if (event.sequence_number <= (draft ?? before).sequenceNumber) {
      continue;
    }
    draft ??= { ...before };
    draft.sequenceNumber = event.sequence_number;
    take(draft, before, event);
  }
  return draft ?? state;
}

function take(draft: Draft, before: CellRunState, event: CellEvent): void {
  switch (event.type) {
    case "output":
      if (event.append) append(draft, before, event.index, event.data);
      else if (event.kind === "stream") {
        const stream = written(EMPTY, textOf(event.data));
        put(draft, before, event.index, { ...outputOf(event), data: shown(stream) }, stream);
      } else put(draft, before, event.index, outputOf(event));
      break;
    case "update":
      put(draft, before, event.index, outputOf(event));
      break;
    case "clear":
      draft.outputs = [];
      draft.streams = [];
      break;
    case "done":
      draft.status = event.status;
      draft.cell = event.cell;
      break;
  }
}

function append(draft: Draft, before: CellRunState, index: number, data: unknown): void {
  const output = draft.outputs[index];
  if (!output) return;
  const stream = written(draft.streams[index] ?? written(EMPTY, textOf(output.data)), textOf(data));
  put(draft, before, index, { ...output, data: shown(stream) }, stream);
}

function put(draft: Draft, before: CellRunState, index: number, output: Output, stream?: StreamText): void {
  // Both are copied once for all events that come together.
  const outputs = draft.outputs === before.outputs ? [...draft.outputs] : (draft.outputs as Output[]);
  const streams =
    draft.streams === before.streams ? [...draft.streams] : (draft.streams as (StreamText | undefined)[]);
  if (index > outputs.length) return;
  outputs[index] = output;
  streams[index] = stream;
  draft.outputs = outputs;
  draft.streams = streams;
}

const OF_THE_EVENT = new Set(["sequence_number", "run_id", "type", "index", "append"]);

/** The output without what only the event has. */
function outputOf(event: Extract<CellEvent, { type: "output" | "update" }>): Output {
  const fields = Object.entries(event).filter(([name]) => !OF_THE_EVENT.has(name));
  return Object.fromEntries(fields) as unknown as Output;
}

const textOf = (data: unknown): string => (typeof data === "string" ? data : "");
