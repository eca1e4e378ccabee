/** Which artifacts the gallery shows, and in which order. */
import type { Artifact, ArtifactType } from "@/api/types";
import { TYPES } from "./types";

export const isType = (text: string | undefined): text is ArtifactType =>
  text !== undefined && Object.hasOwn(TYPES, text);

/** Of those that the server has sent: with all the words in their titles. */
export function found(
  artifacts: readonly Artifact[],
  { q = "", sort }: { q?: string; sort?: "title" },
): Artifact[] {
  const words = folded(q).split(/\s+/);
  const fitting = artifacts.filter(({ title }) => words.every((word) => folded(title).includes(word)));
  return sort === "title"
    ? fitting.sort((a, b) => a.title.localeCompare(b.title, undefined, { numeric: true }))
    : fitting.sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at));
}

/** "Été" is found by "ete". */
const folded = (text: string): string => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();
