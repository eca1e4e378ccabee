/** What the form of a skill holds, and what of it is sent. */
import { ApiError } from "@/api/client";
import type { Skill, SkillCreate, SkillPatch } from "@/api/types";

export type Values = Required<SkillCreate>;

export const EMPTY: Values = { name: "", description: "", instructions: "", tools: [] };

export const valuesOf = ({ name, description, instructions, tools }: Skill): Values => ({
  name,
  description,
  instructions,
  tools,
});

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** What is wrong with a name while it is typed; a hyphen at its end may go on. */
export function nameFault(name: string): string | undefined {
  return name === "" || NAME.test(name.replace(/(?<=[a-z0-9])-$/, ""))
    ? undefined
    : "Small letters and digits, with single hyphens between them, as weekly-report.";
}

/** What is wrong before anything is sent. */
export function faultsOf({ name, description }: Values): Record<string, string> {
  const faults: Record<string, string> = {};
  if (name === "") faults.name = "It needs a name.";
  else if (!NAME.test(name)) faults.name = nameFault(name) ?? "A hyphen stands between two words.";
  if (!description.trim())
    faults.description = "Say what it does: by this the agent decides whether to use it.";
  return faults;
}

/** What was changed, so that the rest stays as others leave it meanwhile. */
export function patchOf(before: Values, after: Values): SkillPatch {
  const changed = (Object.keys(after) as (keyof Values)[]).filter((key) => !isSame(before[key], after[key]));
  return Object.fromEntries(changed.map((key) => [key, after[key]]));
}

export const isChanged = (before: Values, after: Values): boolean =>
  Object.keys(patchOf(before, after)).length > 0;

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** A name that is taken is the name's fault, though the server names no field of a conflict. */
export function atField(error: unknown): unknown {
  if (!(error instanceof ApiError) || error.type !== "conflict") return error;
  return new ApiError(error.status, error.type, error.message, "body.name", error.requestId);
}
