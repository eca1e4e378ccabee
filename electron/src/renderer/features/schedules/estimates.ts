/** What a schedule may use, in words. */
import type { Estimate } from "@/api/types";
import { count, dollars, plural } from "@/components/format";

const WHOSE = { schedule: "of this schedule", project: "of this project", all: "of all schedules" } as const;

export function estimateWords(estimate: Estimate): string {
  const { based_on, runs, runs_per_month, tokens_per_run, tokens_per_month } = estimate;
  if (runs_per_month === 0) return "It does not run in the next 30 days.";
  const times = `${plural(runs_per_month, "run")} in the next 30 days`;
  if (based_on === null || tokens_per_run === null || tokens_per_month === null) {
    return `${times}. What they may use is known after the first.`;
  }
  if (tokens_per_month === 0) return `${times}. Those before have used no tokens.`;
  const one = used(tokens_per_run, estimate.cost_usd_per_run);
  const all = used(tokens_per_month, estimate.cost_usd_per_month);
  const past = runs === 1 ? "the last run" : `the last ${runs} runs`;
  return `${times}, about ${all}: ${one} each, by ${past} ${WHOSE[based_on]}.`;
}

const used = (tokens: number, cost: number | null): string =>
  cost === null ? `${count(tokens)} tokens` : `${count(tokens)} tokens (${dollars(cost)})`;
