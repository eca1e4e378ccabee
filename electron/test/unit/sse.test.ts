import { describe, expect, it } from "vitest";
import { FrameParser, type Frame } from "../../src/shared/sse";
import { bytes } from "./lines";

function parsed(...chunks: Uint8Array[]): Frame[] {
  const parser = new FrameParser();
  return chunks.flatMap((chunk) => parser.feed(chunk));
}

describe("the parser of frames", () => {
  const message = (data: string, id = "", event = "message"): Frame => ({ id, event, data });

  it.each<[string, string, Frame[]]>([
    [
      "reads a frame of the server",
      'id: 3\nevent: clear\ndata: {"a":1}\n\n',
      [message('{"a":1}', "3", "clear")],
    ],
    ["joins the lines of data", "data: a\ndata:b\ndata\n\n", [message("a\nb\n")]],
    ["takes one space away, and no more", "data:  a \n\n", [message(" a ")]],
    ["passes over comments and unknown fields", ": keep-alive\n\nfoo: 1\nfoo\ndata: a\n\n", [message("a")]],
    ["gives out nothing without data", "event: x\nid: 1\n\ndata: a\n\n", [message("a", "1")]],
    ["gives out empty data", "data\n\ndata:\n\n", [message(""), message("")]],
    [
      "keeps the last id",
      "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
      [message("a", "1"), message("b", "1"), message("c")],
    ],
    [
      "refuses an id with NUL",
      "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n",
      [message("a", "1"), message("b", "1")],
    ],
    [
      "forgets the event of the frame before",
      "event: x\ndata: a\n\ndata: b\n\n",
      [message("a", "", "x"), message("b")],
    ],
    ["passes over a byte order mark at the beginning", "\ufeffdata: a\n\n", [message("a")]],
    ["knows no byte order mark behind it", "data: a\n\n\ufeffdata: b\n\n", [message("a")]],
    ["gives out no frame that has not ended", "data: a\n\ndata: b\n", [message("a")]],
    ["keeps colons in values", "data: a: b:c\n\n", [message("a: b:c")]],
    ["reads what is not ASCII", "data: é 🐸\n\n", [message("é 🐸")]],
  ])("%s", (_, text, want) => {
    for (const end of ["\n", "\r\n", "\r"]) {
      expect(parsed(bytes(text.replaceAll("\n", end))), JSON.stringify(end)).toEqual(want);
    }
  });

  it("gives the same frames wherever the bytes are cut", () => {
    const lines = [
      "\ufeffid: 1\nevent: a\ndata: 🐸\ndata: é\n\n",
      ": comment\r\n\r\nid: 2\r\ndata: b\r\n\r\n",
      "data: c\r\rdata: d\r\n\ndata: e\n\r\n",
    ];
    const whole = bytes(lines.join(""));
    const want = parsed(whole);
    expect(want.map((frame) => frame.data)).toEqual(["🐸\né", "b", "c", "d", "e"]);
    for (let first = 0; first <= whole.length; first += 1) {
      expect(parsed(whole.slice(0, first), whole.slice(first)), String(first)).toEqual(want);
      for (let second = first; second <= whole.length; second += 1) {
        const cut = [whole.slice(0, first), whole.slice(first, second), whole.slice(second)];
        expect(parsed(...cut), `${first}, ${second}`).toEqual(want);
      }
    }
    expect(parsed(...Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(want);
  });

  it("reads a long line that comes in small pieces", () => {
    const data = "x".repeat(300_000);
    const whole = bytes(`data: ${data}\n\n`);
    const pieces = Array.from({ length: Math.ceil(whole.length / 100) }, (_, n) =>
      whole.slice(n * 100, n * 100 + 100),
    );
    expect(parsed(...pieces)).toEqual([message(data)]);
  });

  it("hears how long the server wants to be left alone", () => {
    const parser = new FrameParser();
    parser.feed(bytes("retry: 1000\nretry: soon\n\n"));
    expect(parser.retryMilliseconds).toBe(1000);
  });
});
