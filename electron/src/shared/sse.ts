/** Parses server-sent events as HTML says, from bytes that are cut anywhere. */
export interface Frame {
  /** The last `id` of the stream, which may be of an earlier frame; "" where there was none. */
  id: string;
  event: string;
  data: string;
}

const LINE_END = /\r\n?|\n/g;

/** https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
export class FrameParser {
  /** What the server asks to wait before the next connection. */
  retryMilliseconds: number | null = null;

  private readonly decoder = new TextDecoder();
  /** The pieces of a line that has not ended. */
  private line: string[] = [];
  private isAfterReturn = false;
  private data: string[] = [];
  private event = "";
  private id = "";

  /** The frames that these bytes end. */
  feed(bytes: Uint8Array): Frame[] {
    let text = this.decoder.decode(bytes, { stream: true });
    if (text === "") return [];
    // The line feed of a pair that was cut in two.
    if (this.isAfterReturn && text.startsWith("\n")) text = text.slice(1);
    this.isAfterReturn = text === "" ? false : text.endsWith("\r");
    const frames: Frame[] = [];
    let from = 0;
    for (const end of text.matchAll(LINE_END)) {
      this.line.push(text.slice(from, end.index));
      from = end.index + end[0].length;
      const line = this.line.join("");
      this.line = [];
      if (line === "") this.dispatch(frames);
      else this.take(line);
    }
    if (from < text.length) this.line.push(text.slice(from));
    return frames;
  }

  private take(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
    else if (name === "retry" && /^[0-9]+$/.test(value)) this.retryMilliseconds = Number(value);
  }

  private dispatch(frames: Frame[]): void {
    if (this.data.length > 0) {
      frames.push({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
    }
    this.data = [];
    this.event = "";
  }
}
