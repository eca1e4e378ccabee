/** Text around words that were found, which are marked. */
import type { SearchHit } from "@/api/types";
import styles from "./Snippet.module.css";

export function Snippet({ parts }: { parts: SearchHit["snippet"] }) {
  return parts.map((part, n) =>
    part.is_match ? (
      <mark key={n} className={styles.match}>
        {part.text}
      </mark>
    ) : (
      <span key={n}>{part.text}</span>
    ),
  );
}
