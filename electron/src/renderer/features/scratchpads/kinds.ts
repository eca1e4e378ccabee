/** The kinds of cells that can be made. */
import type { Cell } from "@/api/types";

interface Kind {
  value: string;
  label: string;
  type: "code" | "markdown";
  language: string | null;
}

export const KINDS: readonly Kind[] = [
  { value: "python", label: "Python", type: "code", language: "python" },
  { value: "sql", label: "SQL", type: "code", language: "sql" },
  { value: "markdown", label: "Markdown", type: "markdown", language: null },
];

/** Notebooks from elsewhere have code in other languages, too. */
export function kindOf({ type, language }: Cell): Kind {
  const value = type === "markdown" ? "markdown" : (language ?? "python");
  const known = KINDS.find((kind) => kind.value === value);
  return known ?? { value, label: value, type: "code", language: value };
}
