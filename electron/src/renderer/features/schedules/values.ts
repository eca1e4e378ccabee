/** What the form of a schedule holds, and what of it is sent. */
import type { Budget, BudgetBody, Schedule, ScheduleCreate, SchedulePatch } from "@/api/types";

export type BudgetField = keyof Budget;

export interface Values {
  project_id: string;
  prompt: string;
  cron: string;
  timezone: string;
  /** Null: a new task each time. */
  conversation_id: string | null;
  /** As typed; empty: no limit. */
  budget: Record<BudgetField, string>;
}

export const LIMITS: Record<BudgetField, { label: string; unit: string }> = {
  run_tokens: { label: "Tokens of one run", unit: "tokens a run" },
  run_cost_usd: { label: "US dollars of one run", unit: "a run" },
  month_tokens: { label: "Tokens of a month", unit: "tokens a month" },
  month_cost_usd: { label: "US dollars of a month", unit: "a month" },
};

export const LIMIT_FIELDS = Object.keys(LIMITS) as BudgetField[];

const typedNumber = (value: number | null | undefined): string => (value == null ? "" : String(value));

export function valuesOf(schedule: Schedule): Values {
  const { project_id, prompt, cron, timezone, conversation_id, budget } = schedule;
  return {
    project_id,
    prompt,
    cron,
    timezone,
    conversation_id,
    budget: {
      run_tokens: typedNumber(budget.run_tokens),
      run_cost_usd: typedNumber(budget.run_cost_usd),
      month_tokens: typedNumber(budget.month_tokens),
      month_cost_usd: typedNumber(budget.month_cost_usd),
    },
  };
}

/** What is wrong before anything is sent. */
export function faultsOf({ prompt, budget }: Values): Record<string, string> {
  const faults: Record<string, string> = {};
  if (!prompt.trim()) faults.prompt = "Say what there is to do.";
  for (const field of LIMIT_FIELDS) {
    const limit = numberOf(budget[field]);
    if (limit !== null && !(limit > 0)) faults[`budget.${field}`] = "This should be a number above 0.";
  }
  return faults;
}

/** Null: nothing is typed. `50,000` and `50 000` are read too. */
function numberOf(text: string): number | null {
  const digits = text.replaceAll(/[\s,_$]/g, "");
  return digits === "" ? null : Number(digits);
}

function budgetOf({ budget }: Values): BudgetBody {
  return {
    run_tokens: numberOf(budget.run_tokens),
    run_cost_usd: numberOf(budget.run_cost_usd),
    month_tokens: numberOf(budget.month_tokens),
    month_cost_usd: numberOf(budget.month_cost_usd),
  };
}

export function bodyOf(values: Values): ScheduleCreate {
  const { project_id, prompt, timezone, conversation_id } = values;
  const cron = values.cron.trim();
  return { project_id, prompt, cron, timezone, conversation_id, budget: budgetOf(values) };
}

/** What can be changed of a schedule that is there. */
function patchable(values: Values): SchedulePatch {
  const body: Partial<ScheduleCreate> = bodyOf(values);
  delete body.project_id;
  return body;
}

/** What was changed, so that the rest stays as others leave it meanwhile. */
export function patchOf(before: Values, after: Values): SchedulePatch {
  const [was, is] = [patchable(before), patchable(after)];
  const changed = (Object.keys(is) as (keyof SchedulePatch)[]).filter(
    (key) => JSON.stringify(is[key]) !== JSON.stringify(was[key]),
  );
  return Object.fromEntries(changed.map((key) => [key, is[key]]));
}
