/** Where in a document something stands, in words. */
import type { Place } from "@/api/types";

export function placeWords(place: Place | null | undefined): string {
  if (!place) return "";
  const said = [
    place.sheet != null ? `Sheet “${place.sheet}”` : null,
    place.page != null ? `Page ${place.page}` : null,
    place.slide != null ? `Slide ${place.slide}` : null,
    place.row != null ? `row ${place.row}` : null,
    place.paragraph != null ? `paragraph ${place.paragraph}` : null,
    place.line != null ? `line ${place.line}` : null,
  ].filter((word) => word !== null);
  return said.join(", ").replace(/^./, (letter) => letter.toUpperCase());
}
