/** Something long: it scrolls within a height, until all of it is asked for. */
import { ChevronDown, ChevronUp } from "lucide-react";
import { useState, type CSSProperties, type ReactNode } from "react";
import { Button } from "./Button";
import styles from "./Clamped.module.css";

const MOST_LINES = 40;
/** Characters that fill as much, in few lines that wrap. */
const LONG = 10_000;
/** A line of code or of output is as high as 1.55 letters; the rest is space around. */
const CLAMP: CSSProperties = { maxHeight: `${MOST_LINES * 1.3}rem`, overflow: "auto" };

interface ClampedProps {
  /** What it is long by. */
  text: string;
  /** Gets the style of what scrolls, and whether all is asked for. */
  children: (clamp: CSSProperties | undefined, isWhole: boolean) => ReactNode;
}

export function Clamped({ text, children }: ClampedProps) {
  const [isWhole, setWhole] = useState(false);
  const lines = linesOf(text);
  const isLong = lines > MOST_LINES || text.length > LONG;
  return (
    <div className={styles.around}>
      {children(isLong && !isWhole ? CLAMP : undefined, !isLong || isWhole)}
      {isLong && (
        <Button
          kind="ghost"
          size="small"
          icon={isWhole ? <ChevronUp /> : <ChevronDown />}
          aria-expanded={isWhole}
          className={styles.toggle}
          onClick={() => setWhole(!isWhole)}
        >
          {isWhole ? "Show less" : lines > 1 ? `Show all ${lines.toLocaleString()} lines` : "Show all"}
        </Button>
      )}
    </div>
  );
}

function linesOf(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < text.length - 1; at = text.indexOf("\n", at + 1))
    lines += 1;
  return lines;
}
