import { describe, expect, test } from "vitest";
import { isInFence, isSending, skillSought, type KeyPress } from "@/features/conversations/keys";

const ENTER: KeyPress = {
  key: "Enter",
  shiftKey: false,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  isComposing: false,
};

describe("a fence of code", () => {
  test.each([
    ["", false],
    ["Some text", false],
    ["```", true],
    ["```python", true],
    ["Run this:\n```python\nprint(1)", true],
    ["```python\nprint(1)\n```", false],
    ["```python\nprint(1)\n```\nand then", false],
    ["```\none\n```\n```\ntwo", true],
    ["````\n```\nstill in it", true],
    ["````\n```\n````", false],
    ["~~~\n```\nstill in it", true],
    ["~~~\n~~~", false],
    ["```\n``` not an end", true],
    ["```inline```", false],
    ["say ``` in a line", false],
    ["   ```", true],
    ["    ```", false],
  ])("%j is open: %s", (text, isOpen) => {
    expect(isInFence(text)).toBe(isOpen);
  });
});

describe("Enter", () => {
  test("sends", () => {
    expect(isSending(ENTER, "Hello")).toBe(true);
  });

  test.each([
    ["with Shift breaks", { shiftKey: true }, "Hello", false],
    ["with Alt breaks", { altKey: true }, "Hello", false],
    ["in a fence breaks", {}, "```python\nprint(1)", false],
    ["behind a fence sends", {}, "```python\nprint(1)\n```", true],
    ["with Ctrl sends from a fence, too", { ctrlKey: true }, "```python", true],
    ["with Cmd sends from a fence, too", { metaKey: true }, "```python", true],
    ["of an input method never sends", { isComposing: true }, "日本", false],
    ["of an input method never sends with Ctrl either", { isComposing: true, ctrlKey: true }, "日本", false],
    ["is not another key", { key: "a" }, "Hello", false],
  ])("%s", (_name, change, before, sends) => {
    expect(isSending({ ...ENTER, ...change }, before)).toBe(sends);
  });
});

test.each([
  ["/", ""],
  ["/rep", "rep"],
  ["/weekly-report", "weekly-report"],
  ["/a b", null],
  ["text /rep", null],
  ["", null],
  ["/usr/bin", null],
])("a slash at the start looks for a skill: %j", (before, sought) => {
  expect(skillSought(before)).toBe(sought);
});
