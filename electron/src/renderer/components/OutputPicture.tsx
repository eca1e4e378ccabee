/** A picture that a cell has drawn, as large as it was meant, with words for who does not see it. */
import type { Output } from "@/api/types";
import styles from "./Outputs.module.css";

export function Picture({ output, data }: { output: Output; data: string }) {
  return (
    <img
      src={addressOf(output.mime, data)}
      alt={describe(output)}
      className={styles.picture}
      {...sizeOf(output)}
    />
  );
}

/** Its data alone, never an address. An image never runs what is in it, also where it is SVG. */
const addressOf = (mime: string, data: string): string =>
  data.startsWith("data:") ? data : `data:${mime};charset=utf-8,${encodeURIComponent(data)}`;

function describe({ alternatives, metadata }: Output): string {
  const own: unknown = metadata?.alt;
  if (typeof own === "string") return own;
  const said = alternatives?.["text/plain"];
  return typeof said === "string" && !said.startsWith("<")
    ? said.slice(0, 300)
    : "A figure that the cell has drawn";
}

/** Where the kernel tells it: pictures for sharp screens have more pixels than they are wide. */
function sizeOf({ metadata, mime }: Output): { width?: number } {
  const told: unknown = metadata?.[mime];
  const { width } = (typeof told === "object" && told ? told : {}) as { width?: unknown };
  return typeof width === "number" && width > 0 ? { width } : {};
}
