/** Reads server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream. */

export interface Frame {
  /** The last id that the stream has set; empty before the first. */
  id: string;
  event: string;
  data: string;
}

/** A parser that keeps what a piece of text leaves unfinished: give it the pieces in order. */
export function frameParser(): (piece: string) => Frame[] {
  let rest = "";
  let isFirst = true;
  let id = "";
  let event = "";
  let data: string[] = [];

  return (piece) => {
    const frames: Frame[] = [];
    rest += piece;
    if (isFirst && rest) {
      isFirst = false;
      if (rest.startsWith("\uFEFF")) rest = rest.slice(1);
    }
    let start = 0;
    for (;;) {
      const end = endOfLine(rest, start);
      if (!end) break;
      take(rest.slice(start, end.at));
      start = end.next;
    }
    rest = rest.slice(start);
    return frames;

    function take(line: string): void {
      if (line === "") {
        if (data.length > 0) frames.push({ id, event: event || "message", data: data.join("\n") });
        event = "";
        data = [];
        return;
      }
      const colon = line.indexOf(":");
      if (colon === 0) return;
      const field = colon < 0 ? line : line.slice(0, colon);
      let value = colon < 0 ? "" : line.slice(colon + 1);
      if (value.startsWith(" ")) value = value.slice(1);
      if (field === "data") data.push(value);
      else if (field === "event") event = value;
      else if (field === "id" && !value.includes("\0")) id = value;
    }
  };
}

/** Where the line that begins at `start` ends; null while that is not known: a CR at the end may be half a CRLF. */
function endOfLine(text: string, start: number): { at: number; next: number } | null {
  for (let at = start; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === "\n") return { at, next: at + 1 };
    if (sign === "\r") {
      if (at + 1 === text.length) return null;
      return { at, next: text[at + 1] === "\n" ? at + 2 : at + 1 };
    }
  }
  return null;
}
