import { describe, expect, it } from "vitest";
import { asShown } from "@/features/scratchpads/completions";
import { charactersBefore, offsetOf } from "@/features/scratchpads/offsets";

const TEXTS = ["", "plain", "é and e\u0301", "🎉🎉 = 1\nx", "a😀b👩‍💻c", "\ud83d lone", "漢字"];

describe("positions", () => {
  it.each(TEXTS)("in %j are those of its code points", (text) => {
    const points = Array.from(text);
    points.forEach((_, n) => {
      const offset = points.slice(0, n).join("").length;
      expect(charactersBefore(text, offset)).toBe(n);
      expect(offsetOf(text, n)).toBe(offset);
    });
    expect(charactersBefore(text, text.length)).toBe(points.length);
    expect(offsetOf(text, points.length)).toBe(text.length);
  });

  it("beyond the end are the end", () => {
    expect(charactersBefore("a😀", 99)).toBe(2);
    expect(offsetOf("a😀", 99)).toBe(3);
  });
});

describe("a completion", () => {
  it("is put where the kernel says, also behind what takes two units", () => {
    const code = "'🎉🎉'; df.he";
    const shown = asShown(code, {
      matches: ["head", "head", "height"],
      cursor_start: 9,
      cursor_end: 11,
      metadata: {
        _jupyter_types_experimental: [
          { start: 9, end: 11, text: "head", type: "function" },
          { start: 9, end: 11, text: "height", type: "<unknown>" },
        ],
      },
    });
    expect(code.slice(shown.from, shown.to)).toBe("he");
    expect(shown.options).toEqual([{ label: "head", detail: "function" }, { label: "height" }]);
  });
});
