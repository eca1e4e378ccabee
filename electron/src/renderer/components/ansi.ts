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
  ink: Colour;
  ground: Colour;
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
      const [shown, used] =
        numbers[n + 1] === 5 ? [ofPalette(numbers[n + 2]), 2] : [ofLight(numbers, n + 2), 4];
      now = code === 38 ? { ...now, ink: shown } : { ...now, ground: shown };
      n += used;
    } else if (tens === 3 || tens === 9) now = { ...now, ink: colour };
    else if (tens === 4 || tens === 10) now = { ...now, ground: colour };
  }
  return now;
}

const without = (looks: ReadonlySet<string>, ended: readonly string[]): ReadonlySet<string> =>
  new Set([...looks].filter((look) => !ended.includes(look)));

type Colour = (typeof COLOURS)[number] | null;

/** Of the 256 colours: the 16, a cube of 6 by 6 by 6, and greys. */
function ofPalette(place = 0): Colour {
  if (place < 16) return COLOURS[place % 8] ?? null;
  if (place > 231) return null;
  const side = (divisor: number) => (Math.floor((place - 16) / divisor) % 6) * 51;
  return nearest(side(36), side(6), side(1));
}

const ofLight = (numbers: readonly number[], at: number): Colour =>
  nearest(numbers[at] ?? 0, numbers[at + 1] ?? 0, numbers[at + 2] ?? 0);

/** The one of the colours that are readable here which has the hue; of a grey none. */
function nearest(red: number, green: number, blue: number): Colour {
  const most = Math.max(red, green, blue);
  const span = most - Math.min(red, green, blue);
  if (span < 40) return null;
  const has = (part: number) => most - part < span / 2;
  const bits = (has(red) ? 1 : 0) + (has(green) ? 2 : 0) + (has(blue) ? 4 : 0);
  return COLOURS[bits] ?? null;
}
