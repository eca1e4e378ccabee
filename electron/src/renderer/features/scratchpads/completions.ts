/** What the kernel would put at the cursor, as the editor shows it. */
import { completeCode } from "@/api/scratchpads";
import type { Completion } from "@/api/types";
import type { Completions } from "@/components/CodeEditor";
import { charactersBefore, offsetOf } from "./offsets";

/** Nothing, quietly, where the kernel has no answer. */
export async function completionsAt(
  scratchpadId: string,
  code: string,
  cursor: number,
  signal: AbortSignal,
): Promise<Completions | null> {
  try {
    const cursor_pos = charactersBefore(code, cursor);
    return asShown(code, await completeCode(scratchpadId, { code, cursor_pos }, signal));
  } catch {
    return null;
  }
}

interface Kind {
  text?: unknown;
  type?: unknown;
}

export function asShown(
  code: string,
  { matches, cursor_start, cursor_end, metadata }: Completion,
): Completions {
  const told: unknown = metadata._jupyter_types_experimental;
  const kinds = new Map<unknown, unknown>(
    Array.isArray(told) ? (told as Kind[]).map(({ text, type }) => [text, type]) : [],
  );
  return {
    from: offsetOf(code, cursor_start),
    to: offsetOf(code, cursor_end),
    options: [...new Set(matches)].map((label) => {
      const kind = kinds.get(label);
      return { label, ...(typeof kind === "string" && kind !== "<unknown>" ? { detail: kind } : {}) };
    }),
  };
}
