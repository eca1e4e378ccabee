/** What a task shows of its messages and turns: rows, blocks, and words for steps. */
import { describe, expect, it } from "vitest";
import type { AgentResponse, Item, ToolCallPart } from "@/api/types";
import { isSameBlock, pictured, secondsOf, toBlocks, type Activity } from "@/features/conversations/blocks";
import { toRows } from "@/features/conversations/rows";
import { summaryOf, wordsOf } from "@/features/conversations/stepWords";
import type { TurnPart } from "@/state/turn";
import { turn } from "./recorded";

const call = (
  name: string,
  given: Record<string, unknown> = {},
  more: Partial<ToolCallPart> = {},
): ToolCallPart => ({
  type: "tool_call",
  call_id: name,
  name,
  arguments: given,
  output: "",
  status: "success",
  seconds: 1,
  round: 0,
  source: null,
  links: [],
  ...more,
});
const text = (words: string): TurnPart => ({ type: "text", text: words });
const artifact = (version: number): TurnPart => ({
  type: "artifact",
  artifact_id: "art_1",
  version,
  title: "Herons",
  artifact_type: "doc",
});
const steps = (...parts: ToolCallPart[]) => parts.map((part, index) => ({ index, part }));

const item = (id: string, role: Item["role"], responseId: string | null): Item => ({
  id,
  conversation_id: "conv_1",
  response_id: responseId,
  role,
  content: id,
  parts: [],
  created_at: "2026-01-01T00:00:00Z",
  version: role === "user" ? { index: 1, total: 1 } : null,
});
const running = { id: "resp_2", input: "And now?" } as AgentResponse;

describe("the rows of a task", () => {
  it("have an answer after each message, also where none has come", () => {
    const rows = toRows(
      [item("a", "user", "resp_1"), item("b", "user", "resp_2"), item("c", "assistant", "resp_2")],
      null,
    );
    expect(rows.map((row) => row.key)).toEqual([
      "question:resp_1",
      "answer:resp_1",
      "question:resp_2",
      "answer:resp_2",
    ]);
    expect(rows[1]).toMatchObject({ item: null, question: { id: "a" } });
    expect(rows[3]).toMatchObject({ item: { id: "c" }, question: { id: "b" } });
  });

  it("keep their keys from the moment of sending to that in which all is stored", () => {
    const sent = toRows([], running);
    const asked = toRows([item("b", "user", "resp_2")], running);
    const stored = toRows([item("b", "user", "resp_2"), item("c", "assistant", "resp_2")], null);
    expect(sent.map((row) => row.key)).toEqual(["question:resp_2", "answer:resp_2"]);
    for (const rows of [asked, stored])
      expect(rows.map((row) => row.key)).toEqual(sent.map((row) => row.key));
    expect(sent[0]).toMatchObject({ item: null, text: "And now?" });
  });

  it("take what a branch took over as it is", () => {
    const rows = toRows([item("a", "user", null), item("b", "assistant", null)], null);
    expect(rows.map((row) => row.key)).toEqual(["question:a", "answer:b"]);
  });
});

describe("an answer's blocks", () => {
  it("group the steps between prose", () => {
    const blocks = toBlocks([
      text("I look."),
      call("run_code"),
      call("read_file"),
      text(" \n"),
      call("run_code"),
      text("So."),
    ]);
    expect(blocks.map((block) => block.kind)).toEqual(["prose", "activity", "prose"]);
    expect((blocks[1] as Activity).steps.map((step) => step.index)).toEqual([1, 2, 4]);
  });

  it("show an artifact once, as it was made last, and go on behind it", () => {
    const parts = [call("create_artifact"), artifact(1), call("update_artifact"), artifact(2), text("Done.")];
    const [activity] = toBlocks(parts) as [Activity];
    expect(activity.steps).toHaveLength(2);
    expect(activity.artifacts).toEqual([artifact(2)]);
  });

  it("are the same until a part of theirs is another", () => {
    const parts = [call("run_code"), text("So.")];
    const [one, other] = [toBlocks(parts), toBlocks([...parts, text("More.")])];
    expect(one.every((block, n) => other[n] && isSameBlock(block, other[n]))).toBe(true);
    const changed = toBlocks([{ ...call("run_code"), output: "x" }, text("So.")]);
    expect(one.map((block, n) => changed[n] && isSameBlock(block, changed[n]))).toEqual([false, false]);
  });

  it("say where the conversation was made shorter", () => {
    const blocks = toBlocks(
      [call("run_code"), call("run_code")],
      [{ index: 1, tokensBefore: 9, tokensAfter: 1 }],
    );
    expect(blocks).toMatchObject([{ isCompacted: true }]);
  });

  it("find the picture of a recorded turn's last good cell", () => {
    const parts = turn("turn_cells_and_plot").item?.parts ?? [];
    const activity = toBlocks(parts).find((block) => block.kind === "activity");
    expect(pictured(activity?.steps ?? [])?.call_id).toBe("b");
  });

  it("add up rounds, whose calls ran side by side, without the user's time", () => {
    const two = [
      call("run_code"),
      call("run_code", {}, { seconds: 3 }),
      call("read_file", {}, { round: 1, seconds: 2 }),
    ];
    expect(secondsOf(steps(...two, call("ask_user", {}, { round: 2, seconds: 90 })))).toBe(5);
  });
});

describe("the words for steps", () => {
  it.each([
    [call("run_code", { code: "# Load the sales\nimport pandas" }), "Load the sales", "Load the sales"],
    [
      call("run_code", { code: "import x\n\ndf.describe()" }),
      "Running Python: df.describe()",
      "Ran Python: df.describe()",
    ],
    [call("run_code", { code: "select 1", language: "sql" }), "Running SQL: select 1", "Ran SQL: select 1"],
    [call("read_file", { file: "a.pdf" }), "Reading a.pdf", "Read a.pdf"],
    [call("search_files"), "Searching the files", "Searched the files"],
    [
      call("fetch_page", { url: "https://heron.example/a" }),
      "Fetching heron.example/a",
      "Fetched heron.example/a",
    ],
    [call("tracker__find_issue"), "Using find issue of tracker", "Used find issue of tracker"],
  ])("tell what %o does", (part, doing, did) => {
    expect(wordsOf(part, true)).toBe(doing);
    expect(wordsOf(part, false)).toBe(did);
  });

  it("do not say that it was done where it has failed", () => {
    expect(wordsOf(call("read_file", { file: "a.pdf" }, { status: "error" }), false)).toBe("Reading a.pdf");
    expect(wordsOf(call("run_code", { code: "1/0" }, { status: "error" }), false)).toBe("Ran Python: 1/0");
  });

  it("tell a question's answer", () => {
    const asked = call("ask_user", { question: "Which year?" }, { output: "2026" });
    expect(wordsOf(asked, false)).toBe("Asked you “Which year?” – 2026");
  });

  it("sum up many steps", () => {
    const many = [
      call("run_code"),
      call("read_file"),
      call("run_code"),
      call("read_file"),
      call("list_files"),
    ];
    expect(summaryOf(steps(...many))).toBe("Ran 2 cells, read 2 files, looked through the files");
    expect(summaryOf(steps(call("read_file", { file: "a.pdf" })))).toBe("Read a.pdf");
    expect(summaryOf([{ index: 0, part: { type: "reasoning", text: "Hm." } }])).toBe("Thought about it");
  });
});
