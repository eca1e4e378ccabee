/** Words that are looked for: told once they stand still, as the address keeps them. */
import { useEffect, useEffectEvent, useState } from "react";
import { useDebounced } from "@/hooks/useDebounced";
import { TextField } from "./Field";

interface SearchFieldProps {
  label: string;
  placeholder: string;
  /** Those of the address. */
  q: string;
  onSettled: (q: string) => void;
  maxLength?: number;
  className?: string | undefined;
}

export function SearchField({ q, onSettled, ...rest }: SearchFieldProps) {
  const [words, setWords] = useState(q);
  const settled = useDebounced(words.trim(), 200);
  const tell = useEffectEvent((now: string) => {
    if (now !== q) onSettled(now);
  });
  useEffect(() => tell(settled), [settled]);
  // A step back in the browser's history, or a link.
  const [known, setKnown] = useState(q);
  if (known !== q) {
    setKnown(q);
    if (q !== settled) setWords(q);
  }
  return (
    <TextField
      type="search"
      isLabelHidden
      value={words}
      onChange={(event) => setWords(event.target.value)}
      {...rest}
    />
  );
}
