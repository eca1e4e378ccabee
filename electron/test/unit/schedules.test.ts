import { describe, expect, test } from "vitest";
import type { Estimate, ScheduleRun } from "@/api/types";
import { foundZones, offsetOf } from "@/components/zones";
import { estimateWords } from "@/features/schedules/estimates";
import { secondsOf, slotKind, tokensOf } from "@/features/schedules/slots";
import { titleOf } from "@/features/schedules/titles";
import { bodyOf, faultsOf, patchOf, type Values } from "@/features/schedules/values";

const SLOT = "2026-11-27T09:00:00.000Z";

const run = (given: Partial<ScheduleRun>): ScheduleRun => ({
  id: "run_1",
  schedule_id: "sched_1",
  status: "success",
  trigger: "schedule",
  scheduled_for: SLOT,
  started_at: "2026-11-27T09:00:20.000Z",
  finished_at: "2026-11-27T09:01:05.000Z",
  conversation_id: "conv_1",
  response_id: "resp_1",
  error: null,
  slots: 1,
  scheduled_until: null,
  caught_up_by: null,
  model: "claude",
  provider: "anthropic",
  usage: { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 2, cache_creation_input_tokens: 1 },
  cost_usd: 0.1,
  ...given,
});

describe("a slot", () => {
  test.each([
    ["ran", {}],
    ["late", { trigger: "catch_up" }],
    ["late", { started_at: "2026-11-27T09:01:01.000Z" }],
    ["ran", { trigger: "manual", started_at: "2026-11-27T09:30:00.000Z" }],
    ["failed", { status: "failed", trigger: "catch_up" }],
    ["skipped", { status: "skipped", started_at: null, finished_at: null }],
    ["missed", { status: "missed", started_at: null, finished_at: null }],
    ["running", { status: "running", finished_at: null }],
    ["waiting", { status: "running", started_at: null, finished_at: null }],
  ] as const)("is %s: %o", (kind, given) => {
    expect(slotKind(run(given))).toBe(kind);
  });

  test("has its seconds once it has ended, and all of its tokens", () => {
    expect(secondsOf(run({}))).toBe(45);
    expect(secondsOf(run({ finished_at: null }))).toBeNull();
    expect(tokensOf(run({}))).toBe(18);
  });
});

describe("an estimate", () => {
  const estimate: Estimate = {
    based_on: "schedule",
    runs: 7,
    runs_per_month: 30,
    tokens_per_run: 2_000,
    cost_usd_per_run: 0.02,
    tokens_per_month: 60_000,
    cost_usd_per_month: 0.6,
  };

  test("says of what runs it is made", () => {
    expect(estimateWords(estimate)).toMatch(
      /^30 runs in the next 30 days, about 60K tokens \(\$0\.60\): .* each, by the last 7 runs of this schedule\.$/i,
    );
  });

  test("has no figures before the first run, and none without runs to come", () => {
    const none = { based_on: null, runs: 0, tokens_per_run: null, tokens_per_month: null };
    expect(estimateWords({ ...estimate, ...none })).toContain("is known after the first");
    expect(estimateWords({ ...estimate, runs_per_month: 0 })).toBe("It does not run in the next 30 days.");
  });
});

describe("what is sent", () => {
  const values: Values = {
    project_id: "proj_1",
    prompt: "Report",
    cron: " 0 9 * * 1 ",
    timezone: "Europe/Berlin",
    conversation_id: null,
    budget: { run_tokens: "50,000", run_cost_usd: "", month_tokens: "", month_cost_usd: "2.5" },
  };

  test("has numbers for what is typed, and null for what is not", () => {
    expect(bodyOf(values)).toEqual({
      ...values,
      cron: "0 9 * * 1",
      budget: { run_tokens: 50_000, run_cost_usd: null, month_tokens: null, month_cost_usd: 2.5 },
    });
  });

  test("of a change is what was changed", () => {
    expect(patchOf(values, { ...values, cron: "0 9 * * 1" })).toEqual({});
    expect(patchOf(values, { ...values, timezone: "UTC" })).toEqual({ timezone: "UTC" });
  });

  test("is refused where a limit is no number", () => {
    const wrong = { ...values, prompt: " ", budget: { ...values.budget, run_tokens: "many" } };
    expect(Object.keys(faultsOf(wrong))).toEqual(["prompt", "budget.run_tokens"]);
    expect(faultsOf(values)).toEqual({});
  });
});

describe("a time zone", () => {
  const winter = Date.parse("2026-01-15T12:00:00Z");

  test("is found by its city, its continent or its offset", () => {
    expect(foundZones("berl", winter)).toEqual(["Europe/Berlin"]);
    expect(foundZones("new york", winter)[0]).toBe("America/New_York");
    expect(foundZones("kolkata", winter)).toContain("Asia/Kolkata");
    expect(foundZones("+5:30", winter)).toContain("Asia/Kolkata");
    expect(foundZones("", winter)[0]).toBe("UTC");
    expect(foundZones("atlantis", winter)).toEqual([]);
  });

  test("has the offset of the season", () => {
    expect(offsetOf("Europe/Berlin", winter)).toBe("UTC+01:00");
    expect(offsetOf("Europe/Berlin", Date.parse("2026-07-15T12:00:00Z"))).toBe("UTC+02:00");
    expect(offsetOf("UTC", winter)).toBe("UTC");
    expect(offsetOf("Nowhere/Land", winter)).toBe("");
  });
});

test("a schedule is called by how its prompt begins", () => {
  expect(titleOf("\n Short\nand more")).toBe("Short");
  const long = titleOf("Compare this week’s figures with those of the week before, and make a report");
  expect(long).toBe("Compare this week’s figures with those of the week before, and…");
});
