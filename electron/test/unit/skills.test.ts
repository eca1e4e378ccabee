import { describe, expect, test } from "vitest";
import { ApiError } from "@/api/client";
import type { Memory } from "@/api/types";
import { found } from "@/features/memories/found";
import { atField, EMPTY, faultsOf, isChanged, nameFault, patchOf } from "@/features/skills/values";

describe("the name of a skill", () => {
  test.each(["", "a", "weekly-report", "report-2", "weekly-"])("may be %j while it is typed", (name) => {
    expect(nameFault(name)).toBeUndefined();
  });

  test.each(["Weekly", "weekly report", "weekly--report", "-weekly", "weekly_report"])(
    "is not %j",
    (name) => {
      expect(nameFault(name)).toMatch(/single hyphens/);
    },
  );

  test("ends with no hyphen once it is saved", () => {
    expect(faultsOf({ ...EMPTY, name: "weekly-", description: "Reports" })).toHaveProperty("name");
    expect(faultsOf({ ...EMPTY, name: "weekly", description: "Reports" })).toEqual({});
  });

  test("that is taken is its own fault", () => {
    const taken = atField(new ApiError(409, "conflict", "There is one already."));
    expect((taken as ApiError).fields).toEqual({ name: "There is one already." });
  });
});

test("of a skill what was changed is sent", () => {
  const before = { ...EMPTY, name: "report", tools: ["run_code"] };
  expect(patchOf(before, { ...before, tools: ["run_code"] })).toEqual({});
  expect(isChanged(before, { ...before, tools: [] })).toBe(true);
  expect(patchOf(before, { ...before, tools: [] })).toEqual({ tools: [] });
});

test("memories are found by all words", () => {
  const memories = ["The fiscal year begins in July", "Prefers July in words"].map(
    (content) => ({ content }) as Memory,
  );
  expect(found(memories, "july  FISCAL")).toEqual([memories[0]]);
  expect(found(memories, " ")).toEqual(memories);
});
