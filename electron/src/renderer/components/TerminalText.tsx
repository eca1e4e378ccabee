/** Text as a terminal shows it: the 16 colours, bold, faint, italic, underlined. */
import { memo, useMemo } from "react";
import { spansOf } from "./ansi";
import styles from "./TerminalText.module.css";

interface TerminalTextProps {
  text: string;
  className?: string | undefined;
  /** Which output it is, for its name. */
  n: number;
}

export const TerminalText = memo(function TerminalText({ text, className, n }: TerminalTextProps) {
  const spans = useMemo(() => spansOf(text), [text]);
  return (
    // Focusable, since it scrolls.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre className={className} tabIndex={0} role="group" aria-label={`Output ${n}`}>
      {spans.map((span, place) =>
        span.looks.length === 0 ? (
          span.text
        ) : (
          <span key={place} className={span.looks.map((look) => styles[look]).join(" ")}>
            {span.text}
          </span>
        ),
      )}
    </pre>
  );
});
