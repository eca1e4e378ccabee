import { describe, expect, it } from "vitest";
import { asShown, EMPTY, shown, written } from "@/state/streamText";
import cases from "../recorded/stream_texts.json";

const all = (pieces: readonly string[]) => pieces.reduce(written, EMPTY);

describe("text that grows by pieces", () => {
  it.each([
    ["keeps plain text as it is", "a\nb", "a\nb"],
    ["writes over a line that was gone back", "50%\r100%", "100%"],
    ["leaves what a shorter text does not reach", "hello\rJ", "Jello"],
    ["keeps the text where a return is followed by nothing", "50%\r", "50%"],
    ["keeps lines that end as on Windows", "a\r\nb\r\n", "a\nb\n"],
    ["takes a character back", "abc\b\bd", "ad"],
    ["takes a whole emoji back", "a🐸\bb", "ab"],
    ["never goes back beyond the line", "a\n\b\bb", "a\nb"],
    ["counts characters, not halves of them", "🐸🐸🐸\rab", "ab🐸"],
    ["writes coloured text over the whole line", "\x1b[31mlong long\x1b[0m\rnew", "new"],
  ])("%s", (_, text, want) => {
    expect(asShown(text)).toBe(want);
  });

  it("shows at every step what the server shows", () => {
    expect(cases.length).toBeGreaterThan(100);
    for (const { pieces, shown: want } of cases) {
      let stream = EMPTY;
      pieces.forEach((piece, n) => {
        stream = written(stream, piece);
        expect(shown(stream), JSON.stringify(pieces)).toBe(want[n]);
      });
    }
  });

  it("shows the same however the pieces are cut", () => {
    for (const { pieces } of cases) {
      const characters = Array.from(pieces.join(""));
      expect(shown(all(characters))).toBe(asShown(pieces.join("")));
    }
  });

  it("does not change when what is shown is written again", () => {
    for (const { pieces } of cases) {
      const text = asShown(pieces.join(""));
      expect(asShown(text)).toBe(text);
    }
  });
});
