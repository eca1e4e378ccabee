/** Reads the SGR sequences of terminals (ECMA-48, 8.3.117); every other sequence is left out. */

export interface Span {
  text: string;
  /** "bold", "red", "bg-blue"...; names of classes. */
  looks: readonly string[];
}

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
const SEQUENCE =
  /\u001b(?:\[([0-9;:]*)m|\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

interface Pen {
  ink: string | null;
  ground: string | null;
  looks: ReadonlySet<string>;
}

const CLEAN: Pen = { ink: null, ground: null, looks: new Set() };

export function spansOf(text: string): Span[] {
  const spans: Span[] = [];
  let pen = CLEAN;
  let from = 0;
  const write = (until: number) => {
    if (until > from) spans.push({ text: text.slice(from, until), looks: looksOf(pen) });
  };
  for (const found of text.matchAll(SEQUENCE)) {
    write(found.index);
    from = found.index + found[0].length;
    if (found[1] !== undefined) pen = taken(pen, found[1]);
  }
  write(text.length);
  return spans;
}

const looksOf = ({ ink, ground, looks }: Pen): string[] => [
  ...looks,
  ...(ink ? [ink] : []),
  ...(ground ? [`bg-${ground}`] : []),
];

const LOOKS: Record<number, string> = { 1: "bold", 2: "faint", 3: "italic", 4: "underline", 9: "struck" };
const ENDS: Record<number, readonly string[]> = {
  22: ["bold", "faint"],
  23: ["italic"],
  24: ["underline"],
  29: ["struck"],
};

function taken(pen: Pen, codes: string): Pen {
  const numbers = codes.split(/[;:]/).map(Number);
  let now = pen;
  for (let n = 0; n < numbers.length; n += 1) {
    const code = numbers[n] ?? 0;
    const tens = Math.floor(code / 10);
    const colour = COLOURS[code % 10] ?? null;
    if (code === 0) now = CLEAN;
    else if (LOOKS[code]) now = { ...now, looks: new Set([...now.looks, LOOKS[code]]) };
    else if (ENDS[code]) now = { ...now, looks: without(now.looks, ENDS[code]) };
    else if (code === 38 || code === 48) {
      // One of 256, or any colour at all: those beyond the 16 might be unreadable here, and are left out.
      const isPalette = numbers[n + 1] === 5;
      const named = isPalette ? (COLOURS[(numbers[n + 2] ?? 99) % 8] ?? null) : null;
      const shown = isPalette && (numbers[n + 2] ?? 99) < 16 ? named : null;
      now = code === 38 ? { ...now, ink: shown } : { ...now, ground: shown };
      n += isPalette ? 2 : 4;
    } else if (tens === 3 || tens === 9) now = { ...now, ink: colour };
    else if (tens === 4 || tens === 10) now = { ...now, ground: colour };
  }
  return now;
}

const without = (looks: ReadonlySet<string>, ended: readonly string[]): ReadonlySet<string> =>
  new Set([...looks].filter((look) => !ended.includes(look)));
