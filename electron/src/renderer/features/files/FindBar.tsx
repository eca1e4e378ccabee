/** Words to find in a file, and the way from hit to hit. */
import { useNavigate } from "@tanstack/react-router";
import { ChevronDown, ChevronUp } from "lucide-react";
import { useState } from "react";
import { IconButton } from "@/components/Button";
import { TextField } from "@/components/Field";
import styles from "./FileText.module.css";
import type { Stepping } from "./useHits";

interface FindBarProps {
  q: string;
  hits: number;
  stepping: Stepping;
  hasMore: boolean;
}

export function FindBar({ q, hits, stepping, hasMore }: FindBarProps) {
  const navigate = useNavigate({ from: "/files/$fileId" });
  const [words, setWords] = useState(q);
  // A step back in the browser's history, or a link.
  const [known, setKnown] = useState(q);
  if (known !== q) {
    setKnown(q);
    if (q !== words.trim()) setWords(q);
  }
  const find = (typed: string) => {
    setWords(typed);
    const to = typed.trim();
    void navigate({ search: to ? { q: to } : {}, replace: true });
  };
  return (
    <div className={styles.find} role="search">
      <TextField
        type="search"
        label="Find in this file"
        isLabelHidden
        placeholder="Find in this file"
        className={styles.words}
        value={words}
        maxLength={500}
        onChange={(event) => find(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          if (event.shiftKey) stepping.previous();
          else stepping.next();
        }}
      />
      <span role="status" className={styles.count}>
        {q && said(hits, stepping, hasMore)}
      </span>
      <IconButton
        label="Previous hit"
        icon={<ChevronUp />}
        aria-disabled={hits === 0 || undefined}
        onClick={stepping.previous}
      />
      <IconButton
        label="Next hit"
        icon={<ChevronDown />}
        aria-disabled={hits === 0 || undefined}
        onClick={stepping.next}
      />
    </div>
  );
}

function said(hits: number, { at, isLooking }: Stepping, hasMore: boolean): string {
  if (isLooking) return "Looking…";
  if (hits === 0) return "No hit";
  return `${(at + 1).toLocaleString()} of ${hits.toLocaleString()}${hasMore ? "+" : ""}`;
}
