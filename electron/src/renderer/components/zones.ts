/** The time zones of the world: their names, and how far they are from UTC now. */

/** Names that are in use today, where browsers list the ones they had before. */
const MODERN = [
  "America/Argentina/Buenos_Aires",
  "Asia/Ho_Chi_Minh",
  "Asia/Kathmandu",
  "Asia/Kolkata",
  "Asia/Yangon",
  "Europe/Kyiv",
];

const UTC = "UTC";

export const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || UTC;

let known: readonly string[] | undefined;

function allZones(): readonly string[] {
  known ??= [UTC, ...new Set([...Intl.supportedValuesOf("timeZone"), ...MODERN.filter(isZone)].sort())];
  return known;
}

export function isZone(name: string): boolean {
  return formatOf(name) !== null;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

/** Making one takes long; there are some hundred of them. */
function formatOf(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" });
    } catch {
      format = null;
    }
    formats.set(zone, format);
  }
  return format;
}

/** `UTC+02:00`, `UTC`; empty where this browser does not know the zone. */
export function offsetOf(zone: string, now: number): string {
  const name = formatOf(zone)
    ?.formatToParts(now)
    .find(({ type }) => type === "timeZoneName")?.value;
  return name?.replace("GMT", "UTC").replace("+00:00", "") ?? "";
}

export const zoneLabel = (zone: string): string => zone.replaceAll("_", " ");

const plain = (text: string): string => text.toLowerCase().replaceAll(/[_/]/g, " ").trim();

/** Those that all words fit, by name or by offset (`+2`); the ones whose city begins so come first. */
export function foundZones(words: string, now: number): readonly string[] {
  const sought = plain(words);
  if (!sought) return allZones();
  const parts = sought.split(/\s+/);
  const found = allZones().filter((zone) => {
    const offset = offsetOf(zone, now).toLowerCase();
    const text = `${plain(zone)} ${offset} ${offset.replace(/([+-])0/, "$1").replace(":00", "")}`;
    return parts.every((part) => text.includes(part));
  });
  const isFirst = (zone: string) => plain(zone).startsWith(sought) || cityOf(zone).startsWith(sought);
  return [...found.filter(isFirst), ...found.filter((zone) => !isFirst(zone))];
}

const cityOf = (zone: string): string => plain(zone.split("/").at(-1) ?? zone);
