/** A place in a document as an address has it: p3, s2, l99, a4, r12 or r12.Sheet. */
import type { Place } from "@/api/types";

const LETTERS = { page: "p", slide: "s", line: "l", paragraph: "a", row: "r" } as const;

export function placeCode(place: Place | null): string | undefined {
  for (const [kind, letter] of Object.entries(LETTERS)) {
    const n = place?.[kind as keyof typeof LETTERS];
    if (n != null) return `${letter}${n}${place?.sheet != null ? `.${place.sheet}` : ""}`;
  }
  return undefined;
}

/** As the address of a file has it, which leads to the place. */
export function placeSearch(place: Place | null): { at?: string } {
  const at = placeCode(place);
  return at === undefined ? {} : { at };
}

/** Null where it says nothing. */
export function placeOfCode(code: string): Place | null {
  const [, letter, n, sheet] = /^([pslar])(\d{1,9})(?:\.(.*))?$/s.exec(code) ?? [];
  const kind = Object.entries(LETTERS).find(([, one]) => one === letter)?.[0];
  return kind ? { [kind]: Number(n), ...(sheet !== undefined && { sheet }) } : null;
}
