/** Text that grows by pieces, with what carriage returns and backspaces do on a terminal: the progress bars of cells. */

/**
 * The same as the server keeps, so that both come to the same text (`kernels/outputs.py`). Strings are joined and not
 * copied: a piece costs what it is long, not what came before it.
 */
export interface StreamText {
  /** The lines that have ended: nothing can change them any more. */
  readonly ended: string;
  /** What stood on the last line before the carriage return that it was gone back by. */
  readonly below: string;
  /** What is being written on the last line, over that. */
  readonly above: string;
}

export const EMPTY: StreamText = { ended: "", below: "", above: "" };

const MOVES = /[\n\r\b]/g;
const HALF_OF_PAIR = /[\ud800-\udfff]/;
const ESCAPE = "\x1b";

/** The text with another piece at its end. */
export function written(stream: StreamText, piece: string): StreamText {
  let { ended, below, above } = stream;
  if (below === "" && !piece.includes("\r") && !piece.includes("\b")) {
    const end = piece.lastIndexOf("\n") + 1;
    if (end === 0) return { ended, below, above: above + piece };
    return { ended: ended + above + piece.slice(0, end), below, above: piece.slice(end) };
  }
  let from = 0;
  for (const move of piece.matchAll(MOVES)) {
    above += piece.slice(from, move.index);
    from = move.index + 1;
    if (move[0] === "\b") {
      above = withoutLast(above);
    } else {
      below = writtenOver(below, above);
      above = "";
      if (move[0] === "\n") {
        ended += below + "\n";
        below = "";
      }
    }
  }
  return { ended, below, above: above + piece.slice(from) };
}

/** What a terminal shows of it. */
export const shown = (stream: StreamText): string => stream.ended + writtenOver(stream.below, stream.above);

/** What a terminal shows of a whole text. */
export const asShown = (text: string): string => shown(written(EMPTY, text));

function writtenOver(below: string, above: string): string {
  if (below === "" || above === "") return above || below;
  // Where colours are in it, the length of a text says nothing of its width.
  if (below.includes(ESCAPE) || above.includes(ESCAPE)) return above;
  if (!HALF_OF_PAIR.test(below) && !HALF_OF_PAIR.test(above)) return above + below.slice(above.length);
  return above + Array.from(below).slice(Array.from(above).length).join("");
}

function withoutLast(text: string): string {
  const last = text.codePointAt(text.length - 2);
  return text.slice(0, last !== undefined && last > 0xffff ? -2 : -1);
}
