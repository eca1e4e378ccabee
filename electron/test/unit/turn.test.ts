import { describe, expect, it } from "vitest";
import type { TurnEvent } from "@/api/types";
import {
  argumentsOf,
  initialTurn,
  LIVE_OUTPUT_LIMIT,
  pendingApprovals,
  reduceTurn,
  type TurnCall,
  type TurnState,
} from "@/state/turn";
import { batches, chance, isLinear, turn, turns } from "./recorded";

const fold = (events: readonly TurnEvent[]): TurnState => reduceTurn(initialTurn("resp_1"), events);
const untilType = (events: readonly TurnEvent[], type: TurnEvent["type"]): TurnEvent[] =>
  events.slice(0, events.findIndex((event) => event.type === type) + 1);

const place = { response_id: "resp_1", item_id: "msg_1", output_index: 0 };
const text = (n: number, content_index: number, delta: string): TurnEvent => ({
  type: "response.output_text.delta",
  sequence_number: n,
  ...place,
  content_index,
  delta,
});
const begun = (n: number, content_index: number): TurnEvent => ({
  type: "response.tool_call.added",
  sequence_number: n,
  ...place,
  content_index,
  call_id: `call_${content_index}`,
  name: "look",
});
const told = (n: number, content_index: number, delta: string): TurnEvent => ({
  type: "response.tool_call.output.delta",
  sequence_number: n,
  ...place,
  content_index,
  call_id: `call_${content_index}`,
  delta,
});
const deltas = (count: number): TurnEvent[] =>
  Array.from({ length: count }, (_, n) => text(n, 0, `word ${n} `));
const callAt = (state: TurnState, index: number): TurnCall => {
  const part = state.parts[index];
  if (part?.type !== "tool_call") throw new Error("That is no call.");
  return part;
};

describe.each(turns)("%s", (_, { events, response, item }) => {
  it("folds to what the server has stored", () => {
    const state = fold(events);
    expect(state.parts).toEqual(response.parts);
    expect(state.item).toEqual(item);
    expect(state.itemId).toBe(item?.id ?? null);
    expect(state.status).toBe(response.status);
    expect(state.error).toEqual(response.error);
    expect(state.usage).toEqual(response.usage);
    expect(state.responseId).toBe(response.id);
    expect(state.conversationId).toBe(response.conversation_id);
    expect(state.sequenceNumber).toBe(events.length - 1);
    expect([state.growing, state.retry]).toEqual([null, null]);
    expect(pendingApprovals(state)).toEqual([]);
  });

  it("has the stored text before the server tells the whole answer", () => {
    const state = fold(events.filter((event) => event.type !== "response.output_item.done"));
    const parts = state.parts.map((part) => {
      if (part.type !== "tool_call") return part;
      const call = { ...part, arguments: argumentsOf(part) };
      delete call.argumentsText;
      delete call.liveOutput;
      return call;
    });
    expect(parts).toEqual(response.parts);
  });

  it("comes to the same state in batches of any size", () => {
    const want = fold(events);
    for (let seed = 0; seed < 20; seed += 1) {
      expect(batches(events, chance(seed)).reduce(reduceTurn, initialTurn("resp_1"))).toEqual(want);
    }
  });

  it("comes to the same state when it is told again from any event on", () => {
    const want = fold(events);
    events.forEach((_event, n) => {
      const part = fold(events.slice(0, n));
      expect(reduceTurn(part, events)).toEqual(want);
      expect(reduceTurn(want, events.slice(n))).toBe(want);
    });
  });

  it("never changes a state that was given out", () => {
    let state = initialTurn("resp_1");
    for (const event of events) {
      const copy = structuredClone(state);
      const next = reduceTurn(state, [event]);
      expect(state).toEqual(copy);
      state = next;
    }
  });

  it("gives only those parts a new identity that an event is about", () => {
    let state = initialTurn("resp_1");
    for (const event of events) {
      const next = reduceTurn(state, [event]);
      const touched = "content_index" in event ? event.content_index : -1;
      if (event.type !== "response.output_item.done") {
        state.parts.forEach((part, index) => {
          if (index !== touched) expect(next.parts[index]).toBe(part);
        });
        if (touched < 0) expect(next.parts).toBe(state.parts);
      }
      state = next;
    }
  });
});

describe("a turn", () => {
  it("keeps its parts when the whole answer tells nothing new", () => {
    const { events } = turn("turn_cells_and_plot");
    const at = events.findIndex((event) => event.type === "response.output_item.done");
    const before = fold(events.slice(0, at));
    expect(reduceTurn(before, events.slice(at)).parts).toBe(before.parts);
  });

  it("says which part is being written", () => {
    const { events } = turn("turn_text");
    expect(fold(untilType(events, "response.output_text.delta")).growing).toBe(0);
    expect(fold(untilType(events, "response.output_text.done")).growing).toBeNull();
  });

  it("shows the arguments of a call as they come, and what the tool puts out", () => {
    const { events } = turn("turn_cells_and_plot");
    const at = events.findIndex((event) => event.type === "response.tool_call.done");
    const call = callAt(fold(events.slice(0, at)), 1);
    expect(call.status).toBe("running");
    expect(argumentsOf(call)).toHaveProperty("code");
    expect(call.liveOutput).toContain("row 2\n");
    const done = callAt(fold(events.slice(0, at + 1)), 1);
    expect(done).not.toHaveProperty("argumentsText");
    expect(done).not.toHaveProperty("liveOutput");
    expect(done.links).toHaveLength(1);
  });

  it("has no arguments while their text is half of it, or is none", () => {
    expect(argumentsOf({ ...callAt(fold([begun(0, 0)]), 0), argumentsText: '{"a": ' })).toEqual({});
    expect(argumentsOf({ ...callAt(fold([begun(0, 0)]), 0), argumentsText: "[1]" })).toEqual({});
  });

  it("keeps the end of a long live output, and of whole lines", () => {
    const line = `${"x".repeat(99)}\n`;
    const events = [begun(0, 0), ...Array.from({ length: 5_000 }, (_, n) => told(n + 1, 0, line))];
    const live = callAt(fold(events), 0).liveOutput ?? "";
    expect(live.length).toBeGreaterThan(LIVE_OUTPUT_LIMIT / 2);
    expect(live.length).toBeLessThanOrEqual(2 * LIVE_OUTPUT_LIMIT);
    expect(live.replaceAll(line, "")).toBe("");
  });

  it("never begins a live output with half of a character", () => {
    const frogs = "🐸".repeat(LIVE_OUTPUT_LIMIT);
    const live = callAt(fold([begun(0, 0), told(1, 0, `${frogs}ab`), told(2, 0, "c")]), 0).liveOutput ?? "";
    expect(live.isWellFormed()).toBe(true);
  });

  it("tells what waits for the user, and what came of it", () => {
    const { events } = turn("turn_approval_denied");
    const waiting = fold(untilType(events, "response.approval.requested"));
    expect(pendingApprovals(waiting).map((one) => one.tool)).toEqual(["fetch_page"]);
    expect(fold(events).approvals.map((one) => one.status)).toEqual(["denied"]);
    expect(fold(turn("turn_approval_allowed").events).approvals.map((one) => one.status)).toEqual([
      "allowed",
    ]);
    expect(fold(turn("turn_question").events).approvals.map((one) => one.answer)).toEqual(["2026"]);
    const given_up = turn("turn_cancelled_while_the_user_is_asked").events;
    expect(fold(given_up).approvals.map((one) => one.status)).toEqual(["cancelled"]);
  });

  it("says that it tries again until the model goes on", () => {
    const { events } = turn("turn_retrying");
    const waiting = fold(untilType(events, "response.retrying"));
    expect(waiting.retry).toMatchObject({ attempt: 1, error: { type: "overloaded" } });
    expect(fold(untilType(events, "response.output_text.delta")).retry).toBeNull();
  });

  it("says where the conversation was made shorter", () => {
    const [compaction] = fold(turn("turn_compaction").events).compactions;
    expect(compaction?.tokensAfter).toBeLessThan(compaction?.tokensBefore ?? 0);
    expect(compaction?.index).toBeGreaterThan(0);
  });

  it("has the newest title", () => {
    expect(fold(turn("turn_title").events).title).toBe("A title");
    expect(fold(turn("turn_text").events).title).toBeNull();
  });

  it("says why it failed", () => {
    expect(fold(turn("turn_provider_error").events).error?.type).toBe("authentication");
    expect(fold(turn("turn_cancelled").events).error?.type).toBe("cancelled");
    expect(fold(turn("turn_interrupted").events).error?.type).toBe("interrupted");
  });

  it("leaves out a part whose beginning it has not seen", () => {
    expect(fold([text(0, 3, "x")]).parts).toEqual([]);
  });

  it(
    "takes 20,000 deltas in time that grows as they do, one by one and in batches",
    { timeout: 60_000 },
    () => {
      const one = (events: readonly TurnEvent[]) => {
        let state = initialTurn("resp_1");
        for (const event of events) state = reduceTurn(state, [event]);
        expect(state.parts).toHaveLength(1);
      };
      const live = (count: number) => [
        begun(0, 0),
        ...Array.from({ length: count }, (_, n) => told(n + 1, 0, `line ${n}\n`)),
      ];
      expect(isLinear(one, deltas, 2_500)).toBe(true);
      expect(isLinear(fold, deltas, 2_500)).toBe(true);
      expect(isLinear(one, live, 2_500)).toBe(true);
    },
  );
});
