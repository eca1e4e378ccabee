/** An answer's parts as people read them: prose, and between it the steps that were done, with what they made. */
import type { ArtifactPart, ReasoningPart, TextPart } from "@/api/types";
import type { Compaction, TurnCall, TurnPart } from "@/state/turn";

export interface Step {
  /** Of the part. */
  index: number;
  part: TurnCall | ReasoningPart;
}

export interface Prose {
  kind: "prose";
  /** Of its part; it stays when more comes. */
  index: number;
  part: TextPart;
}

export interface Activity {
  kind: "activity";
  /** Of its first part. */
  index: number;
  steps: Step[];
  /** What these steps made: each artifact once in the answer, where it was made last. */
  artifacts: ArtifactPart[];
  /** The conversation was made shorter for the model on the way. */
  isCompacted: boolean;
}

export type Block = Prose | Activity;

export function toBlocks(parts: readonly TurnPart[], compactions: readonly Compaction[] = []): Block[] {
  const blocks: Block[] = [];
  const newest = new Map<string, number>();
  parts.forEach((part, index) => part.type === "artifact" && newest.set(part.artifact_id, index));
  const activity = (index: number): Activity => {
    const last = blocks.at(-1);
    if (last?.kind === "activity") return last;
    const begun: Activity = { kind: "activity", index, steps: [], artifacts: [], isCompacted: false };
    blocks.push(begun);
    return begun;
  };
  parts.forEach((part, index) => {
    if (compactions.some((compaction) => compaction.index === index)) activity(index).isCompacted = true;
    switch (part.type) {
      case "text":
        if (part.text.trim() !== "") blocks.push({ kind: "prose", index, part });
        break;
      case "artifact":
        if (newest.get(part.artifact_id) === index) activity(index).artifacts.push(part);
        break;
      case "tool_call":
        activity(index).steps.push({ index, part });
        break;
      case "reasoning":
        if (part.text.trim() !== "") activity(index).steps.push({ index, part });
        break;
      case "attachment":
        break;
    }
  });
  return blocks;
}

/** Whether two blocks show the same: parts keep their identity until an event touches them. */
export function isSameBlock(one: Block, other: Block): boolean {
  if (one.kind === "prose") return other.kind === "prose" && one.part === other.part;
  return (
    other.kind === "activity" &&
    one.isCompacted === other.isCompacted &&
    one.steps.length === other.steps.length &&
    one.steps.every((step, n) => step.part === other.steps[n]?.part) &&
    one.artifacts.length === other.artifacts.length &&
    one.artifacts.every((artifact, n) => artifact === other.artifacts[n])
  );
}

/** The last cell of the steps that has put out a picture; the model's text of the output has a mark for each. */
export function pictured(steps: readonly Step[]): TurnCall | null {
  const found = steps.findLast(
    ({ part }) =>
      part.type === "tool_call" && part.status === "success" && /\[image\/[a-z+]+:/.test(part.output),
  );
  return found?.part.type === "tool_call" ? found.part : null;
}

/** How long the steps took: those of one round ran side by side. */
export function secondsOf(steps: readonly Step[]): number {
  const rounds = new Map<number, number>();
  for (const { part } of steps) {
    // The user's own time does not count.
    if (part.type !== "tool_call" || part.name === "ask_user") continue;
    const round = part.round ?? 0;
    rounds.set(round, Math.max(rounds.get(round) ?? 0, part.seconds ?? 0));
  }
  return [...rounds.values()].reduce((sum, seconds) => sum + seconds, 0);
}
