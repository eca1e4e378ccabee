import { describe, expect, it } from "vitest";
import type { CellEvent } from "@/api/types";
import { INITIAL_RUN, reduceCellRun, type CellRunState } from "@/state/cellRun";
import { batches, chance, isLinear, run, runs } from "./recorded";

const fold = (events: readonly CellEvent[]): CellRunState => reduceCellRun(INITIAL_RUN, events);
const piece = (n: number, data: string, append = n > 0): CellEvent => ({
  type: "output",
  sequence_number: n,
  run_id: "run_1",
  mime: "text/plain",
  kind: "stream",
  name: "stdout",
  data,
  index: 0,
  append,
});

describe.each(runs)("%s", (_, { events, cell, output_cell }) => {
  it("folds to what the server has stored", () => {
    const state = fold(events);
    expect(state.outputs).toEqual(output_cell?.outputs ?? []);
    expect(state.cell).toEqual(cell);
    expect(state.status).toBe(cell.status);
    expect(state.runId).toBe(cell.run_id);
  });

  it("comes to the same state in batches of any size", () => {
    const want = fold(events);
    for (let seed = 0; seed < 20; seed += 1) {
      expect(batches(events, chance(seed)).reduce(reduceCellRun, INITIAL_RUN)).toEqual(want);
    }
  });

  it("comes to the same state when it is told again from any event on", () => {
    const want = fold(events);
    events.forEach((_event, n) => {
      expect(reduceCellRun(fold(events.slice(0, n)), events)).toEqual(want);
      expect(reduceCellRun(want, events.slice(n))).toBe(want);
    });
  });

  it("never changes a state that was given out, and touches no output but the event's", () => {
    let state = INITIAL_RUN;
    for (const event of events) {
      const copy = structuredClone(state);
      const next = reduceCellRun(state, [event]);
      expect(state).toEqual(copy);
      if (event.type !== "clear") {
        state.outputs.forEach((output, index) => {
          if (!("index" in event) || event.index !== index) expect(next.outputs[index]).toBe(output);
        });
      }
      state = next;
    }
  });
});

describe("a run", () => {
  it("updates a progress bar in its place", () => {
    const { events } = run("cell_progress_bar");
    const bars = events.slice(0, 8).map((_, n) => fold(events.slice(0, n + 1)).outputs);
    expect(bars.map((outputs) => outputs.length)).toEqual(Array(8).fill(1));
    expect(bars[3]?.[0]?.data).toBe(" 42% |███    |");
  });

  it("begins anew where the events are of another run", () => {
    const first = fold(run("cell_streams").events);
    const { events, output_cell } = run("cell_error");
    const second = reduceCellRun(first, events);
    expect(second).toEqual(fold(events));
    expect(second.outputs).toEqual(output_cell?.outputs);
  });

  it("takes up what a run that ended some time ago is told anew with", () => {
    const before = fold([piece(0, "a\n"), piece(1, "b\n")]);
    const again: CellEvent[] = [
      { type: "clear", sequence_number: 2, run_id: "run_1" },
      piece(3, "a\nb\n", false),
    ];
    expect(reduceCellRun(before, again).outputs).toEqual(before.outputs);
  });

  it("leaves out text for an output that is not there", () => {
    expect(fold([piece(0, "x", true)]).outputs).toEqual([]);
  });

  it("takes 20,000 pieces in time that grows as they do", { timeout: 60_000 }, () => {
    const pieces = (data: (n: number) => string) => (count: number) =>
      Array.from({ length: count }, (_, n) => piece(n, data(n)));
    const one = (events: readonly CellEvent[]) => {
      let state = INITIAL_RUN;
      for (const event of events) state = reduceCellRun(state, [event]);
      expect(state.outputs).toHaveLength(1);
    };
    expect(
      isLinear(
        one,
        pieces((n) => `line ${n}\n`),
        2_500,
      ),
    ).toBe(true);
    expect(
      isLinear(
        one,
        pieces(() => "."),
        2_500,
      ),
    ).toBe(true);
    expect(
      isLinear(
        one,
        pieces((n) => `\r${n} of all`),
        2_500,
      ),
    ).toBe(true);
  });
});
