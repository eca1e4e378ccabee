import { beforeEach, describe, expect, test } from "vitest";
import {
  attach,
  changeDraft,
  chooseModel,
  clearDraft,
  detach,
  putBack,
  readDraft,
  readModelChoice,
} from "@/state/draft";

const FILE = { id: "file_1", name: "sales.csv", size: 12, mime_type: "text/csv" };
const SKILL = { id: "skill_1", name: "report" };
const NOTHING = { text: "", files: [], skills: [], conversation: null };

beforeEach(() => localStorage.clear());

describe("a draft", () => {
  test("is each task's own, and outlives the page", () => {
    changeDraft("conv_1", { text: "one" });
    changeDraft("conv_2", { text: "two" });
    expect([readDraft("conv_1").text, readDraft("conv_2").text]).toEqual(["one", "two"]);
    expect(JSON.parse(localStorage.getItem("cowork.draft.conv_1") ?? "")).toMatchObject({ text: "one" });
  });

  test("that is empty is not kept", () => {
    changeDraft("conv_1", { text: "one" });
    changeDraft("conv_1", { text: "" });
    expect(localStorage).toHaveLength(0);
    expect(readDraft("conv_1")).toEqual(NOTHING);
  });

  test("has each file once", () => {
    attach("conv_1", FILE);
    attach("conv_1", FILE);
    expect(readDraft("conv_1").files).toEqual([FILE]);
    detach("conv_1", FILE.id);
    expect(readDraft("conv_1")).toEqual(NOTHING);
  });

  test("takes back what waited, before what was written since", () => {
    changeDraft("conv_1", { text: "later", files: [FILE] });
    putBack("conv_1", { text: "earlier", files: [FILE], skills: [SKILL] });
    expect(readDraft("conv_1")).toEqual({
      text: "earlier\n\nlater",
      files: [FILE],
      skills: [SKILL],
      conversation: null,
    });
  });

  test("that was sent is gone", () => {
    changeDraft("conv_1", { text: "one", skills: [SKILL] });
    clearDraft("conv_1");
    expect(readDraft("conv_1")).toEqual(NOTHING);
  });

  test("that cannot be read is none", () => {
    localStorage.setItem("cowork.draft.conv_9", "{");
    expect(readDraft("conv_9")).toEqual(NOTHING);
  });
});

test("a task's model is remembered until the default is chosen again, of the latest 200 tasks", () => {
  chooseModel("conv_1", "claude-a");
  expect(readModelChoice("conv_1")).toBe("claude-a");
  for (let n = 0; n < 199; n += 1) chooseModel(`other_${n}`, "claude-b");
  expect(readModelChoice("conv_1")).toBe("claude-a");
  chooseModel("one_more", "claude-b");
  expect(readModelChoice("conv_1")).toBeNull();
  chooseModel("one_more", null);
  expect(readModelChoice("one_more")).toBeNull();
});
