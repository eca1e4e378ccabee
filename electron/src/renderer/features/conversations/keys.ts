/** What a key does in the composer: Enter sends, unless it is to break a line. */

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/** Whether the end of the text stands in a fence of code that is not closed, https://spec.commonmark.org/0.31.2/#fenced-code-blocks */
export function isInFence(text: string): boolean {
  let open: string | null = null;
  for (const line of text.split("\n")) {
    const [, fence, rest = ""] = FENCE.exec(line) ?? [];
    if (fence === undefined) continue;
    if (open === null) {
      // A line such as ```code``` is no fence.
      if (fence.startsWith("~") || !rest.includes("`")) open = fence;
    } else if (fence.startsWith(open) && rest.trim() === "") {
      open = null;
    }
  }
  return open !== null;
}

export interface KeyPress {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** An input method is at work: its keys are its own. */
  isComposing: boolean;
}

/** `before`: the text before the caret. */
export function isSending(press: KeyPress, before: string): boolean {
  if (press.key !== "Enter" || press.isComposing) return false;
  if (press.ctrlKey || press.metaKey) return true;
  return !press.shiftKey && !press.altKey && !isInFence(before);
}

/** What is looked for where the text begins with a slash, as "rep" of "/rep"; null where it is something else. */
export function skillSought(before: string): string | null {
  return /^\/([\p{L}\p{N}_-]*)$/u.exec(before)?.[1] ?? null;
}
