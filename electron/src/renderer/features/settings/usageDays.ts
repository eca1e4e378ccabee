/** The chart's data: for each day, how many tokens each model used. */
import type { Usage, UsageGroup } from "@/api/types";

export interface Day {
  /** `2026-06-11`, UTC. */
  day: string;
  /** By model, in the order of `models`. */
  tokens: number[];
  total: number;
  cost: number | null;
}

export interface Days {
  /** Most used first. */
  models: string[];
  /** Oldest first, also those without use between the first and the last. */
  days: Day[];
}

export const totalOf = (usage: Usage): number =>
  (usage.input_tokens ?? 0) +
  (usage.output_tokens ?? 0) +
  (usage.cache_read_input_tokens ?? 0) +
  (usage.cache_creation_input_tokens ?? 0);

/** `groups`: by day and model. `last`: the last day to show, today. */
export function daysOf(groups: readonly UsageGroup[], last: string): Days {
  const used = groups.filter((group): group is UsageGroup & { key: string } => group.key !== null);
  const perModel = new Map<string, number>();
  for (const { model, usage } of used) {
    perModel.set(model ?? "", (perModel.get(model ?? "") ?? 0) + totalOf(usage));
  }
  const models = [...perModel].sort((one, other) => other[1] - one[1]).map(([model]) => model);
  const first = used.reduce((earliest, { key }) => (key < earliest ? key : earliest), last);
  const days = between(first, last).map((day) => {
    const ofDay = used.filter(({ key }) => key === day);
    const tokens = models.map((model) =>
      ofDay.reduce((sum, group) => sum + ((group.model ?? "") === model ? totalOf(group.usage) : 0), 0),
    );
    return {
      day,
      tokens,
      total: tokens.reduce((sum, n) => sum + n, 0),
      cost: ofDay.reduce<number | null>(
        (sum, { cost_usd }) => (sum === null || cost_usd === null ? null : sum + cost_usd),
        0,
      ),
    };
  });
  return { models, days };
}

const DAY = 86_400_000;

/** All days from one to another, both included. */
function between(first: string, last: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY) days.push(dayOf(at));
  return days;
}

/** The day in UTC of a moment in milliseconds. */
export const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
