/** Times and sizes as people write them, exact in seconds and bytes. */

export type Unit = "count" | "seconds" | "bytes" | "dollars";

const STEPS: Record<Unit, readonly (readonly [name: string, size: number])[]> = {
  count: [],
  dollars: [],
  seconds: [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
    ["s", 1],
  ],
  bytes: [
    ["GiB", 2 ** 30],
    ["MiB", 2 ** 20],
    ["KiB", 2 ** 10],
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
    ["B", 1],
  ],
};

/** `7200` is "2 h", `90` is "90 s": the largest unit that has it whole. */
export function written(value: number, unit: Unit): string {
  const step = STEPS[unit].find(([, size]) => value !== 0 && value % size === 0);
  return step ? `${value / step[1]} ${step[0]}` : String(value);
}

/** What somebody wrote; null where it is no number of such a unit. "1.5 h", "90s", "200 mb", "2,000,000". */
export function read(text: string, unit: Unit): number | null {
  const found = /^\s*([0-9][0-9,_ ]*(?:\.[0-9]+)?)\s*([a-z]*)\s*$/i.exec(text.replace("$", ""));
  if (!found) return null;
  const [, digits = "", name = ""] = found;
  const size = name === "" ? 1 : sizeOf(name.toLowerCase(), unit);
  if (size === null) return null;
  const value = Number(digits.replace(/[,_ ]/g, "")) * size;
  return unit === "dollars" ? value : Math.round(value);
}

const OTHER_NAMES: Record<string, string> = {
  day: "d",
  days: "d",
  hour: "h",
  hours: "h",
  m: "min",
  minute: "min",
  minutes: "min",
  sec: "s",
  second: "s",
  seconds: "s",
};

function sizeOf(name: string, unit: Unit): number | null {
  const known = OTHER_NAMES[name] ?? name;
  return STEPS[unit].find(([written]) => written.toLowerCase() === known)?.[1] ?? null;
}
