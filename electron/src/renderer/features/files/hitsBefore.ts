/** How many hits stand before a place in a text; null where what is loaded does not reach to it. */
import type { Place } from "@/api/types";
import type { MarkedBlock } from "./marked";
import type { Parts } from "./markedParts";

export function hitsBefore(blocks: readonly MarkedBlock[], at: Place): number | null {
  let hits = 0;
  for (const block of blocks) {
    if (block.kind === "text") {
      const { isReached, before } = inText(block.parts, block.place, at);
      hits += before;
      if (isReached) return hits;
      continue;
    }
    hits += hitsOf(block.head ?? []);
    const isSheet = at.sheet == null || block.place.sheet === at.sheet;
    for (const { n, cells } of block.rows) {
      if (isSheet && n >= (at.row ?? at.line ?? 0)) return hits;
      hits += hitsOf(cells);
    }
  }
  return null;
}

const hitsOf = (cells: readonly Parts[]): number => cells.flat().filter(({ is_match }) => is_match).length;

/** Each line of a passage counts one further line or paragraph; of a page there is its number alone. */
function inText(parts: Parts, place: Place, at: Place): { isReached: boolean; before: number } {
  const whole = place.page ?? place.slide;
  const sought = at.page ?? at.slide ?? at.line ?? at.paragraph ?? at.row ?? 0;
  if (whole != null)
    return whole >= sought ? { isReached: true, before: 0 } : { isReached: false, before: hitsOf([parts]) };
  let n = place.line ?? place.paragraph ?? 1;
  let before = 0;
  for (const { text, is_match } of parts) {
    if (n >= sought) return { isReached: true, before };
    n += text.split("\n").length - 1;
    if (is_match && n < sought) before += 1;
    else if (is_match) return { isReached: true, before };
  }
  return { isReached: n >= sought, before };
}
