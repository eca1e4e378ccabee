/** What two texts differ in: lines that were added and removed, with some of those around them. */
import { structuredPatch } from "diff";

export interface Line {
  kind: "same" | "added" | "removed";
  text: string;
  /** In the text before, and in the one after; null where it does not have it. */
  before: number | null;
  after: number | null;
}

const AROUND = 3;
/** Milliseconds after which texts differ too much to be worth the wait. */
const PATIENCE = 2_000;
const KINDS = { "+": "added", "-": "removed", " ": "same" } as const;

/** Groups of lines that belong together; null where it would take too long. */
export function differences(before: string, after: string): Line[][] | null {
  const patch = structuredPatch("", "", ended(before), ended(after), undefined, undefined, {
    context: AROUND,
    timeout: PATIENCE,
  });
  return patch?.hunks.map(({ oldStart, newStart, lines }) => numbered(lines, oldStart, newStart)) ?? null;
}

/** Whether the last line has an end makes no difference to a reader. */
const ended = (text: string): string => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

function numbered(lines: readonly string[], oldStart: number, newStart: number): Line[] {
  let [before, after] = [oldStart, newStart];
  return lines.map((line) => {
    const kind = KINDS[line.charAt(0) as keyof typeof KINDS];
    return {
      kind,
      text: line.slice(1),
      before: kind === "added" ? null : before++,
      after: kind === "removed" ? null : after++,
    };
  });
}
